"""What `metrify data features list`, `describe` and `validate` print."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from metrify.features.specification import FEATURES
from metrify.steps.find_feature import is_stored

if TYPE_CHECKING:
    from metrify.adapters.feature_catalogue import Catalogue, CatalogueView
    from metrify.steps.describe_feature import FeatureDescription
    from metrify.steps.feature_check import FeatureCheck

_STATES = {True: "registered", False: "declared"}
_VERDICTS = {True: "passed", False: "failed", None: "not judged"}
_COLOURS = {True: "green", False: "red", None: "yellow"}


def listing(catalogue: "Catalogue") -> dict[str, Any]:
    """Features, views and services, ready for JSON."""
    return {
        "features": [
            {
                "label": feature.label,
                "unit": feature.unit,
                "inputs": list(feature.inputs),
                "values": "stored" if is_stored(feature) else "computed",
            }
            for feature in FEATURES
        ],
        "views": [_view(view) for view in catalogue.views],
        "services": [
            {
                "name": service.name,
                "views": list(service.views),
                "owner": service.owner,
                "state": _STATES[service.registered],
            }
            for service in catalogue.services
        ],
    }


def print_listing(found: dict[str, Any]) -> None:
    """Prints what `listing` found."""
    features = [
        (row["label"], "" if row["unit"] == "1" else row["unit"], ", ".join(row["inputs"]), row["values"])
        for row in found["features"]
    ]
    _print_table(("feature", "unit", "computed from", "values"), features)
    typer.echo()
    views = [(row["name"], row["entity"], _hours(row), row["owner"], row["state"]) for row in found["views"]]
    _print_table(("view", "of", "counts for", "owner", "state"), views)
    typer.echo()
    services = [(row["name"], ", ".join(row["views"]), row["owner"], row["state"]) for row in found["services"]]
    _print_table(("service", "reads", "owner", "state"), services)


def description(found: "FeatureDescription") -> dict[str, Any]:
    """What is known of a feature, ready for JSON."""
    return {
        "label": found.feature.label,
        "unit": found.feature.unit,
        "inputs": list(found.feature.inputs),
        "meaning": found.meaning,
        "values": "stored" if found.stored else "computed",
        "views": [_view(view) for view in found.views],
        "services": list(found.services),
        "bundles": list(found.bundles),
        "unreadable_bundles": list(found.unreadable),
        "specification_hash": found.specification_hash,
    }


def print_description(found: dict[str, Any]) -> None:
    """Prints what `description` found."""
    unit = "" if found["unit"] == "1" else f", {found['unit']}"
    typer.echo(f"{found['label']}{unit}, from {', '.join(found['inputs'])}\n\n{found['meaning']}\n")
    typer.echo(f"values    {found['values']}")
    for view in found["views"]:
        pushed = f", pushed through {view['push_source']}" if view["push_source"] else ""
        typer.echo(f"view      {view['name']} ({view['state']}), counts for {_hours(view)}{pushed}")
    for title, key in (("services", "services"), ("bundles", "bundles"), ("damaged", "unreadable_bundles")):
        if found[key] or title != "damaged":
            typer.echo(f"{title:8}  {', '.join(found[key]) or 'none'}")
    typer.echo(f"hash      {found['specification_hash']}")


def checks_found(checks: "Sequence[FeatureCheck]") -> list[dict[str, Any]]:
    """Checks, ready for JSON."""
    return [
        {
            "name": check.name,
            "passed": check.passed,
            "value": check.value,
            "limit": check.limit,
            "unit": check.unit,
            "checked": check.checked,
            "broken": check.broken,
            "meters": list(check.meters),
        }
        for check in checks
    ]


def print_checks(checks: "Sequence[FeatureCheck]") -> None:
    """Prints checks as a table, and some of the meters below each that failed."""
    typer.echo(f"{'check':14}{'value':>10}{'limit':>10} {'':9}{'judged':>8}{'outside':>9}")
    for check in checks:
        value = "-" if check.value is None else _number(check.value)
        unit = "" if check.unit == "1" else check.unit
        verdict = typer.style(_VERDICTS[check.passed], fg=_COLOURS[check.passed])
        typer.echo(
            f"{check.name:14}{value:>10}{_number(check.limit):>10} {unit:9}"
            f"{check.checked:>8}{check.broken:>9}  {verdict}"
        )
        if check.passed is False and check.meters:
            more = ", ..." if check.broken > len(check.meters) else ""
            typer.echo(f"{'':14}{', '.join(check.meters)}{more}")


def _view(view: "CatalogueView") -> dict[str, Any]:
    return {
        "name": view.name,
        "entity": view.entity,
        "features": list(view.features),
        "time_to_live_hours": view.time_to_live.total_seconds() / 3600 if view.time_to_live else None,
        "push_source": view.push_source or None,
        "owner": view.owner,
        "state": _STATES[view.registered],
    }


def _hours(view: dict[str, Any]) -> str:
    return "its request" if view["time_to_live_hours"] is None else f"{view['time_to_live_hours']:g} h"


def _number(value: float) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".")


def _print_table(titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in (titles, *rows)) for column in range(len(titles))]
    for row in (titles, *rows):
        typer.echo("  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
