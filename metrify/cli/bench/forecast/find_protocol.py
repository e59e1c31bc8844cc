"""The protocol of a dataset: its own where it has one, else a split of its time."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from metrify.cli.bench.forecast.household_protocols import CAMBRIDGE, LONDON, cambridge, london
from metrify.cli.bench.forecast.protocol import Protocol, several_a_day
from metrify.cli.bench.forecast.transformer_protocols import ETT, OPENSTEF, ett, openstef_points
from metrify.config import Home
from metrify.features.batch import FeatureContext
from metrify.forecasting.evaluation.rolling_origin import cut_time, roll_origins
from metrify.readings.matrix import to_matrix
from metrify.readings.sources import locate_source, open_source
from metrify.units import intervals_per_day

Builder = Callable[[int, int], Protocol]

PROTOCOLS: Mapping[str, Builder] = {LONDON: london, CAMBRIDGE: cambridge, ETT: ett, OPENSTEF: openstef_points}


def find_protocol(dataset: str, lookback_days: int, origins_per_day: int) -> Protocol:
    """The protocol that a dataset is evaluated by.

    Args:
        dataset: One of `PROTOCOLS`, or any dataset that `metrify train` takes.
        lookback_days: Days of history that a forecast reads.
        origins_per_day: Of training; validation and test have one.

    Raises:
        DatasetError: There is no such dataset, or a file of it is missing.
        ForecastError: It is too short for three sides.
    """
    if dataset in PROTOCOLS:
        return PROTOCOLS[dataset](lookback_days, origins_per_day)
    return split_by_time(dataset, lookback_days, origins_per_day)


def split_by_time(dataset: str, lookback_days: int, origins_per_day: int) -> Protocol:
    """A day ahead from local midnight, of all meters: the last 15 % of the time is test, the 10 % before validation.

    Args:
        dataset: Any dataset that `metrify train` takes.
        lookback_days: Days of history that a forecast reads.
        origins_per_day: Of training.

    Raises:
        DatasetError: There is no such dataset.
        ForecastError: It is too short for three sides.
    """
    home = Home.from_environment()
    source = open_source(dataset, locate_source(dataset, home.public_folders(), home.datasets))
    info = source.info
    matrix = to_matrix(source.readings, info.resolution_minutes)
    if info.zeros_are_missing:
        matrix = replace(matrix, kwh=np.where(matrix.kwh > 0, matrix.kwh, np.nan).astype(np.float32))
    step, day_length = pd.Timedelta(minutes=info.resolution_minutes), intervals_per_day(info.resolution_minutes)
    end = matrix.timestamps[-1] + step
    cut = cut_time(matrix.start, end, info.timezone)
    origins = roll_origins(
        matrix.start,
        end,
        cut,
        resolution_minutes=info.resolution_minutes,
        lookback=lookback_days * day_length,
        horizon=day_length,
        timezone=info.timezone,
    )
    train = several_a_day(origins.train, origins_per_day, cut.validation_start - origins.horizon, step)
    return Protocol(
        dataset,
        matrix,
        replace(origins, train=train),
        FeatureContext(lookback_days * day_length, day_length, info.resolution_minutes, info.timezone, info.country),
        "All meters as they were read, split by time alone: meters that share a profile are on all sides.",
        scale_time=(matrix.start, cut.validation_start),
        non_negative=not (matrix.kwh < 0).any(),
    )
