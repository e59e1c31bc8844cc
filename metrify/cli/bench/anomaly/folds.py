"""Meter-disjoint folds of a dataset's days: who trains, who sets the threshold, and who is judged."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from metrify.anomaly.evaluation import TrueEvents
from metrify.anomaly.injected_events import InjectedEvents, inject_events
from metrify.anomaly.kinds import FAULTS, Kind
from metrify.anomaly.labelled_events import read_labelled_events
from metrify.anomaly.meter_days import MeterDays, find_meter_days
from metrify.anomaly.training.train_detector import split_for_threshold
from metrify.cli.bench.forecast.find_protocol import PROTOCOLS, find_protocol
from metrify.cli.bench.forecast.household_protocols import CAMBRIDGE
from metrify.config import Home
from metrify.config.anomaly_detection import AnomalyDetectionConfig
from metrify.errors import AnomalyError
from metrify.readings.sources import locate_source, open_source

FOLDS, QUICK_FOLDS = 5, 2
_SEED = 2013
_QUICK_METERS = 20
_CAMBRIDGE_START = "2017-01-01"  # its buildings were chosen by how well they were measured from then on


@dataclass(frozen=True, eq=False)
class BenchDays:
    """What is judged.

    Attributes:
        days: Of all meters.
        labelled: What was really wrong with them; None where nobody said, so that events are put into them.
    """

    days: MeterDays
    labelled: TrueEvents | None


@dataclass(frozen=True, eq=False)
class Fold:
    """Days of three kinds of meters, none of which is of two kinds.

    Attributes:
        number: From 0.
        fitted: What detectors are fitted to, as it was measured.
        kept: What thresholds are fitted to, as it was measured.
        kept_events: What was labelled in these, which sets no threshold; None where there are no labels.
        judged: The fold's own meters, with their labelled events, or half of them with one that was put into them.
        vacant: The same meters, half of them empty for a while; None where there are labels.
    """

    number: int
    fitted: MeterDays
    kept: MeterDays
    kept_events: TrueEvents | None
    judged: InjectedEvents
    vacant: InjectedEvents | None


def find_days(dataset: str, config: AnomalyDetectionConfig, quick: bool) -> BenchDays:
    """The days of the meters that `metrify bench forecast` scores, too, and the labels of an imported dataset.

    Raises:
        DatasetError: There is no such dataset, or a file of it is missing.
        AnomalyError: It is too short, or no label touches a judged day.
    """
    protocol = find_protocol(dataset, config.history_days, 1)
    matrix, place = protocol.matrix, protocol.context
    if dataset == CAMBRIDGE:
        from_then = matrix.timestamps >= pd.Timestamp(_CAMBRIDGE_START, tz="UTC")
        matrix = replace(matrix, start=matrix.timestamps[from_then][0], kwh=matrix.kwh[:, from_then])
    if quick:
        matrix = replace(matrix, meter_ids=matrix.meter_ids[:_QUICK_METERS], kwh=matrix.kwh[:_QUICK_METERS])
    if dataset in PROTOCOLS:
        return BenchDays(find_meter_days(matrix, config.history_days, place.timezone, place.country), None)
    home = Home.from_environment()
    imported = locate_source(dataset, home.public_folders(), home.datasets)
    groups = open_source(dataset, imported).meters.set_index("meter_id")["group"].loc[list(matrix.meter_ids)]
    days = find_meter_days(matrix, config.history_days, place.timezone, place.country, groups.to_numpy(str))
    labels = read_labelled_events(imported, days) if imported is not None and imported.is_dir() else None
    if labels is not None and not len(labels.events):
        raise AnomalyError(
            f"None of the labels of {dataset} touches a judged day.",
            f"Label days that have {config.history_days} days before them, or import the dataset without labels.",
        )
    return BenchDays(days, None if labels is None else labels.events)


def make_folds(bench: BenchDays, config: AnomalyDetectionConfig, folds: int) -> Iterator[Fold]:
    """Folds by a draw with a fixed seed; events are drawn anew in each, with a fixed seed, too.

    Meters that share a profile are in one fold, as a copy of what was fitted is no unseen meter.
    """
    days, turns = bench.days, 0
    groups = np.arange(days.shape[0]) if days.groups is None else days.groups
    drawn = np.array_split(np.random.default_rng(_SEED).permutation(np.unique(groups)), folds)
    for number, names in enumerate(drawn):
        is_judged = np.isin(groups, names)
        judged, others = np.flatnonzero(is_judged), np.flatnonzero(~is_judged)
        fitted, kept = (others[part] for part in split_for_threshold(days.choose(others), config))
        own = days.choose(judged)
        if bench.labelled is None:
            events = inject_events(own, FAULTS, _SEED + number, turns)
            turns += len(events.events)
            vacant = inject_events(own, (Kind.VACANCY,), _SEED + number)
            yield Fold(number, days.choose(fitted), days.choose(kept), None, events, vacant)
        else:
            events, of_kept = InjectedEvents(own, _of_meters(bench.labelled, judged)), _of_meters(bench.labelled, kept)
            yield Fold(number, days.choose(fitted), days.choose(kept), of_kept, events, None)


def _of_meters(events: TrueEvents, meters: np.ndarray) -> TrueEvents:
    """The events of some meters, which rise, by their place among them."""
    own = np.isin(events.meters, meters)
    places = np.searchsorted(meters, events.meters[own])
    return TrueEvents(places, events.begins[own], events.ends[own], events.kinds[own])
