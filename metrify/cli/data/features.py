"""`metrify data features`: register, list, describe, look at and check features. `store` is in `store_features`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metrify.cli.data import store_features
from metrify.cli.output import print_json

if TYPE_CHECKING:
    import pandas as pd

app = typer.Typer(
    help="What the feature store holds: register, store, fetch and check features.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Config = Annotated[Path | None, typer.Option(help="Configuration file; the default one without it.")]


@app.command("register")
def register(
    name: Annotated[str | None, typer.Argument(help="A feature, with or without its version; all without it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Register with Feast what the feature repository declares, and print the labels."""
    from metrify.config import Home
    from metrify.features.specification import FEATURES
    from metrify.steps.find_feature import find_feature

    features = [find_feature(name)] if name else FEATURES

    from metrify.adapters.feature_repository import apply_repository

    apply_repository(Home.from_environment())
    if as_json:
        print_json({"registered": [feature.label for feature in features]})
        return
    for feature in features:
        typer.echo(feature.label)


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List the features, and the views and services that Feast knows or would register."""
    from metrify.adapters.feature_catalogue import read_catalogue
    from metrify.cli.data.features_report import listing, print_listing
    from metrify.config import Home

    found = listing(read_catalogue(Home.from_environment()))
    if as_json:
        print_json(found)
        return
    print_listing(found)


@app.command("describe")
def describe(name: Annotated[str, typer.Argument(help="A feature of `list`.")], as_json: AsJson = False) -> None:
    """Say what a feature is, where it is stored, and which services and bundles use it."""
    from metrify.cli.data.features_report import description, print_description
    from metrify.config import Home
    from metrify.steps.describe_feature import describe_feature

    found = description(describe_feature(name, Home.from_environment()))
    if as_json:
        print_json(found)
        return
    print_description(found)


app.command("store")(store_features.store)


@app.command("latest")
def latest(
    meter: Annotated[list[str], typer.Option(help="Number or pseudonym of a meter; repeat it for more.")],
    feature: Annotated[list[str] | None, typer.Option(help="A feature of `list`; repeat it for more.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show the newest window of meters and the features that a server would compute from it."""
    import pandas as pd

    from metrify.cli.data.latest_report import latest_values, print_latest
    from metrify.config import Home, load_config
    from metrify.steps.find_feature import find_feature
    from metrify.steps.latest_features import latest_features, shown_features

    home = Home.from_environment()
    horizon = load_config(config).training.consumption_forecasting.forecast_horizon
    features = [find_feature(name) for name in feature] if feature else shown_features(home)
    found = latest_features(features, meter, horizon, home)
    now = pd.Timestamp.now("UTC")
    if as_json:
        print_json(latest_values(found, now))
        return
    print_latest(found, now)


@app.command("validate")
def validate(
    now: Annotated[str | None, typer.Option(help="When the windows are judged, RFC 3339; now without it.")] = None,
    max_age_hours: Annotated[
        float | None, typer.Option(min=0, help="How old a window may be; the view's time to live without it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check type, range, nulls, freshness, distribution and skew; exit code 1 if one fails."""
    moment = _moment(now)

    from metrify.cli.data.features_report import checks_found, print_checks
    from metrify.config import Home
    from metrify.steps.validate_features import validate_features

    checks = validate_features(moment, Home.from_environment(), max_age_hours)
    if as_json:
        print_json({"now": moment.isoformat(), "checks": checks_found(checks)})
    else:
        print_checks(checks)
    if any(check.passed is False for check in checks):
        raise typer.Exit(1)


def _moment(text: str | None) -> "pd.Timestamp":
    import pandas as pd

    if text is None:
        return pd.Timestamp.now("UTC").floor("s")
    try:
        moment = pd.Timestamp(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time stamp such as 2024-03-31T00:00Z.", param_hint="--now") from None
    if moment.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no offset; write 2024-03-31T00:00Z.", param_hint="--now")
    return moment.tz_convert("UTC")
