"""Two sets of few transformers: the task ETT_1H of fev-bench, and Dutch grid points by the quarter of an hour."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from metrify.cli.bench.forecast.data_files import read_data_file
from metrify.cli.bench.forecast.protocol import Protocol, several_a_day
from metrify.features.batch import FeatureContext
from metrify.forecasting.evaluation.rolling_origin import RollingOrigins, roll_origins
from metrify.readings.matrix import ReadingsMatrix, to_matrix
from metrify.readings.splits import TimeSplit
from metrify.units import intervals_per_day, kwh_factor

ETT, OPENSTEF = "ett_h1_h2", "openstef_points_15min_weather"
_ETT_SERIES = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
_ETT_HORIZON, _ETT_WINDOWS, _ETT_VALIDATION_DAYS = 168, 20, 56
_HOUR, _DAY = pd.Timedelta(hours=1), pd.Timedelta(days=1)
_OPENSTEF_MINUTES, _OPENSTEF_TEST_DAYS, _OPENSTEF_VALIDATION_DAYS = 15, 30, 12


def ett(lookback_days: int, origins_per_day: int) -> Protocol:
    """fev-bench's ETT_1H: a week ahead, 20 times, of six loads and the oil temperature of two transformers.

    Shchur and others 2025, arXiv:2509.26468. The last 20 weeks are forecast one after another. The error is scaled by
    the mean absolute difference to the day before in all of the history up to each forecast, and averaged over series
    and forecasts. The seasonal naive forecast, the last day repeated, has 1.3227.

    Args:
        lookback_days: Days of history that a forecast reads.
        origins_per_day: Of training.

    Raises:
        DatasetError: The file is missing.
    """
    frame = read_data_file(ETT, ("series", "timestamp", *_ETT_SERIES))
    long = frame.melt(["series", "timestamp"], value_vars=list(_ETT_SERIES), var_name="column", value_name="kwh")
    long["meter_id"] = long["series"] + "/" + long["column"]
    matrix = to_matrix(long[["meter_id", "timestamp", "kwh"]], 60)
    end = matrix.timestamps[-1] + _HOUR
    horizon = _ETT_HORIZON * _HOUR
    test = pd.date_range(end - _ETT_WINDOWS * horizon, end - horizon, freq=horizon, unit="us")
    validation = pd.date_range(end=test[0] - horizon, periods=_ETT_VALIDATION_DAYS, unit="us")
    last = validation[0] - horizon
    first = matrix.start + lookback_days * _DAY
    daily = pd.date_range(end=last, periods=(last - first) // _DAY + 1)
    origins = RollingOrigins(several_a_day(daily, origins_per_day, last, _HOUR), validation, test, horizon)
    context = FeatureContext(lookback_days * 24, _ETT_HORIZON, 60, "UTC", "CN")  # its stamps are a local clock
    note = "fev-bench's ETT_1H: 14 series, a week ahead, 20 times; no unit of the values is published."
    return Protocol(ETT, matrix, origins, context, note, season_days=1, non_negative=False)


def openstef_points(lookback_days: int, origins_per_day: int) -> Protocol:
    """The loads of Dutch grid points, a day ahead from local midnight; the last 30 days are the test.

    Args:
        lookback_days: Days of history that a forecast reads.
        origins_per_day: Of training.

    Raises:
        DatasetError: The file is missing.
    """
    matrix = _openstef_matrix()
    step, day_length = pd.Timedelta(minutes=_OPENSTEF_MINUTES), intervals_per_day(_OPENSTEF_MINUTES)
    end = matrix.timestamps[-1] + step
    midnight = end.tz_convert("Europe/Amsterdam").normalize()
    starts: Mapping[int, pd.Timestamp] = {
        days: (midnight - pd.DateOffset(days=days)).tz_convert("UTC")
        for days in (_OPENSTEF_TEST_DAYS, _OPENSTEF_TEST_DAYS + _OPENSTEF_VALIDATION_DAYS)
    }
    cut = TimeSplit(starts[_OPENSTEF_TEST_DAYS + _OPENSTEF_VALIDATION_DAYS], starts[_OPENSTEF_TEST_DAYS])
    origins = roll_origins(
        matrix.start,
        end,
        cut,
        resolution_minutes=_OPENSTEF_MINUTES,
        lookback=lookback_days * day_length,
        horizon=day_length,
        timezone="Europe/Amsterdam",
    )
    last = cut.validation_start - origins.horizon
    train = several_a_day(origins.train, origins_per_day, last, step)
    origins = RollingOrigins(train, origins.validation, origins.test, origins.horizon)
    context = FeatureContext(lookback_days * day_length, day_length, _OPENSTEF_MINUTES, "Europe/Amsterdam", "NL")
    note = "Four Dutch grid points; loads in MW are counted as kWh of a quarter of an hour. It only informs."
    scale_time = (matrix.start, cut.validation_start)
    return Protocol(
        OPENSTEF, matrix, origins, context, note, scale_time=scale_time, non_negative=not (matrix.kwh < 0).any()
    )


def _openstef_matrix() -> ReadingsMatrix:
    frame = read_data_file(OPENSTEF, ("pid", "timestamp", "load"))
    kwh = (1000 * frame["load"] * kwh_factor("kW", _OPENSTEF_MINUTES)).astype(np.float32)
    readings = pd.DataFrame({"meter_id": frame["pid"].astype(str), "timestamp": frame["timestamp"], "kwh": kwh})
    return to_matrix(readings[np.isfinite(kwh)], _OPENSTEF_MINUTES)
