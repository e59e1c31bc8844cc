"""Judges a dataset: finds the faults once, and draws the verdicts from them and from the releases."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metrify.config.schema import QualityConfig
from metrify.readings.dataset import Dataset, DatasetInfo
from metrify.readings.matrix import ReadingsMatrix, to_matrix
from metrify.readings.quality.days import count_usable_days, judge_days
from metrify.readings.quality.detect import detect_faults
from metrify.readings.quality.faults import Fault, break_rules
from metrify.readings.quality.meters import judge_meters
from metrify.readings.quality.quarantine import list_quarantine
from metrify.readings.quality.releases import forgive_released
from metrify.readings.quality.stamps import split_future, split_outlying
from metrify.readings.quality.tables import QualityVerdicts
from metrify.readings.schema import check_readings


@dataclass(frozen=True)
class ExaminedReadings:
    """Readings and their faults, before anybody released one.

    Attributes:
        info: The dataset's description.
        matrix: The readings with a stamp that can be right, `[M, T]`; every listed meter has a row.
        faults: `[M, T]` uint16 bits of `Fault`.
        wrong_stamps: The other readings, by their fault.
    """

    info: DatasetInfo
    matrix: ReadingsMatrix
    faults: np.ndarray
    wrong_stamps: Mapping[Fault, pd.DataFrame]


def examine_readings(dataset: Dataset, now: pd.Timestamp, config: QualityConfig) -> ExaminedReadings:
    """Finds the faults of a dataset's readings.

    Args:
        dataset: Readings, meters and description.
        now: When they are judged, UTC.
        config: Thresholds.

    Raises:
        ReadingsError: The readings break their contract, or there are none of the past.
    """
    info = dataset.info
    past, future = split_future(check_readings(dataset.readings), now, info.resolution_minutes)
    mass, outlying = split_outlying(past, config.max_silent_days)
    matrix = _with_all_meters(to_matrix(mass, info.resolution_minutes), dataset.meters["meter_id"])
    faults = detect_faults(matrix, config, info.zeros_are_missing)
    return ExaminedReadings(info, matrix, faults, {Fault.FUTURE: future, Fault.OUTLYING: outlying})


def judge_readings(examined: ExaminedReadings, releases: pd.DataFrame, config: QualityConfig) -> QualityVerdicts:
    """Draws the verdicts.

    Args:
        examined: Readings and their faults.
        releases: See `read_releases`.
        config: Thresholds, and which faults keep a reading out.
    """
    matrix, rules = examined.matrix, config.quarantined_faults
    left = forgive_released(examined.faults, matrix, releases)
    caught, quarantined = break_rules(examined.faults, rules), break_rules(left, rules)
    days = judge_days(matrix, left, quarantined, examined.info.timezone, config)
    return QualityVerdicts(
        judge_meters(matrix, quarantined, count_usable_days(days, len(matrix.meter_ids)), config),
        days,
        list_quarantine(matrix, examined.faults, caught, quarantined, examined.wrong_stamps),
    )


def _with_all_meters(matrix: ReadingsMatrix, meter_ids: pd.Series) -> ReadingsMatrix:
    """The matrix with an empty row for each listed meter that has no reading, so that it gets its verdict too."""
    silent = np.setdiff1d(meter_ids.to_numpy(object), matrix.meter_ids)
    if not len(silent):
        return matrix
    every_meter = np.concatenate([matrix.meter_ids, silent])
    empty = np.full((len(silent), matrix.kwh.shape[1]), np.nan, dtype=matrix.kwh.dtype)
    order = np.argsort(every_meter)
    kwh = np.concatenate([matrix.kwh, empty])[order]
    return ReadingsMatrix(every_meter[order], matrix.start, matrix.resolution_minutes, kwh)
