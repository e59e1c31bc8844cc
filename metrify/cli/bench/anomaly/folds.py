"""Meter-disjoint folds of a dataset's days: who trains, who sets the threshold, and who is judged."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from metrify.anomaly.injected_events import InjectedEvents, inject_events
from metrify.anomaly.kinds import FAULTS, Kind
from metrify.anomaly.meter_days import MeterDays, find_meter_days
from metrify.anomaly.training.train_detector import split_for_threshold
from metrify.cli.bench.forecast.find_protocol import find_protocol
from metrify.cli.bench.forecast.household_protocols import CAMBRIDGE
from metrify.config.anomaly_detection import AnomalyDetectionConfig

FOLDS, QUICK_FOLDS = 5, 2
_SEED = 2013
_QUICK_METERS = 20
_CAMBRIDGE_START = "2017-01-01"  # its buildings were chosen by how well they were measured from then on


@dataclass(frozen=True, eq=False)
class Fold:
    """Days of three kinds of meters, none of which is of two kinds.

    Attributes:
        number: From 0.
        fitted: What detectors are fitted to, as it was measured.
        kept: What thresholds are fitted to, as it was measured.
        judged: The fold's own meters, half of them with an event.
        vacant: The same meters, half of them empty for a while.
    """

    number: int
    fitted: MeterDays
    kept: MeterDays
    judged: InjectedEvents
    vacant: InjectedEvents


def find_days(dataset: str, config: AnomalyDetectionConfig, quick: bool) -> MeterDays:
    """The days of the meters that `metrify bench forecast` scores, too.

    Raises:
        DatasetError: There is no such dataset, or a file of it is missing.
        AnomalyError: It is too short.
    """
    protocol = find_protocol(dataset, config.history_days, 1)
    matrix, place = protocol.matrix, protocol.context
    if dataset == CAMBRIDGE:
        from_then = matrix.timestamps >= pd.Timestamp(_CAMBRIDGE_START, tz="UTC")
        matrix = replace(matrix, start=matrix.timestamps[from_then][0], kwh=matrix.kwh[:, from_then])
    if quick:
        matrix = replace(matrix, meter_ids=matrix.meter_ids[:_QUICK_METERS], kwh=matrix.kwh[:_QUICK_METERS])
    return find_meter_days(matrix, config.history_days, place.timezone, place.country)


def make_folds(days: MeterDays, config: AnomalyDetectionConfig, folds: int) -> Iterator[Fold]:
    """Folds by a draw with a fixed seed; events are drawn anew in each, with a fixed seed, too."""
    drawn = np.array_split(np.random.default_rng(_SEED).permutation(days.shape[0]), folds)
    for number, judged in enumerate(drawn):
        others = np.setdiff1d(np.arange(days.shape[0]), judged)
        fitted, kept = split_for_threshold(len(others), config)
        own = days.choose(np.sort(judged))
        yield Fold(
            number,
            days.choose(others[fitted]),
            days.choose(others[kept]),
            inject_events(own, FAULTS, _SEED + number),
            inject_events(own, (Kind.VACANCY,), _SEED + number),
        )
