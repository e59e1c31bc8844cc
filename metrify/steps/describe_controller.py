"""Describes a trained controller for its bundle."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from metrify.bundles.manifest import OPTIMIZER_NAME, BundleDescription, Tensor
from metrify.config import MetrifyConfig
from metrify.features.specification import specification_hash
from metrify.grid.controllers.learnt import ActionLayout
from metrify.grid.controllers.onnx_policy import ACTION, VIEW
from metrify.grid.evaluation import Week
from metrify.grid.forecasts.feeder_settings import country_of_timezone
from metrify.steps.feeder_case import FeederCase
from metrify.units import intervals_per_day

_READ_DAYS = 7  # what came a week ago is expected again, beyond the forecast


def describe_controller(
    case: FeederCase, feeder: Path, weeks: Sequence[Week], config: MetrifyConfig
) -> BundleDescription:
    """What the bundle says of a controller.

    It has no features: a view is made of what is expected of the whole feeder, not of one meter's readings.

    Args:
        case: What it was trained on.
        feeder: Folder of `load_feeder`, whose digest is kept.
        weeks: That it has learnt from.
        config: What it was trained with.

    Raises:
        GridError: The time zone is of no country.
    """
    profiles, parameters = case.stored.profiles, config.training.grid_optimization
    begin, end = min(week.first for week in weeks), max(week.first + week.steps for week in weeks)
    return BundleDescription(
        name=OPTIMIZER_NAME,
        task="grid-optimization",
        model_type=parameters.model_type,
        inputs=(Tensor(name=VIEW, shape=(-1, case.view.size), unit="1"),),
        outputs=(Tensor(name=ACTION, shape=(-1, case.layout.size), unit="1", labels=action_labels(case.layout)),),
        features=(),
        feature_spec_hash=specification_hash(()),
        resolution_minutes=profiles.minutes,
        sequence_length=_READ_DAYS * intervals_per_day(profiles.minutes),
        forecast_horizon=parameters.forecast.forecast_horizon_hours * 60 // profiles.minutes,
        timezone=case.stored.timezone,
        country=country_of_timezone(case.stored.timezone),
        training_period=(f"{profiles.times[begin]}Z", f"{profiles.times[end - 1]}Z"),
        dataset_name=case.stored.feeder.network.name,
        dataset_fingerprint=_digest(feeder),
    )


def action_labels(layout: ActionLayout) -> tuple[str, ...]:
    """What each number of an action sets, such as `battery/Storage 1`."""
    feeder = layout.feeder
    shiftable = [feeder.load_names[number] for number in layout.shiftable]
    names = {
        "battery": feeder.batteries.names,
        "curtailed": feeder.pv_names,
        "kvar": feeder.pv_names,
        "shifted": shiftable,
    }
    parts = ([f"{part}/{name}" for name in names[part]] if part in names else [part] for part in layout.parts)
    return tuple(label for part in parts for label in part)


def _digest(folder: Path) -> str:
    """SHA-256 over the files of a feeder, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
