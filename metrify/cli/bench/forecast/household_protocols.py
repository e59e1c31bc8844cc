"""The homes of London and the buildings of Cambridge: the two protocols that have targets for each metric."""

from dataclasses import replace

import numpy as np
import pandas as pd

from metrify.cli.bench.forecast.data_files import read_data_file, read_readings
from metrify.cli.bench.forecast.protocol import Protocol, several_a_day
from metrify.errors import DatasetError
from metrify.features.batch import FeatureContext
from metrify.forecasting.evaluation.rolling_origin import RollingOrigins
from metrify.readings.matrix import to_matrix

LONDON, CAMBRIDGE = "london_hourly_2013", "cambridge_electricity_hourly"
_LONDON_TIME = "Europe/London"
_HOUR, _DAY, _RESOLUTION_MINUTES, _HORIZON = pd.Timedelta(hours=1), pd.Timedelta(days=1), 60, 24
_LONDON_COVERAGE, _LONDON_MEAN_KWH = 0.95, 0.02
_CAMBRIDGE_YEARS, _ZERO_SHARE, _FLAT_SHARE = (2017, 2018, 2019), 0.02, 0.3
_CAMBRIDGE_TRAIN_START = pd.Timestamp("2012-01-01", tz="UTC")
_WEATHER = "weather_bedford_hourly"


def london(lookback_days: int, origins_per_day: int) -> Protocol:
    """Homes with readings at 95 % of the hours of 2013; tested at all midnights of November and December.

    Args:
        lookback_days: Days of history that a forecast reads.
        origins_per_day: Of training.

    Raises:
        DatasetError: The file is missing.
    """
    matrix = to_matrix(read_readings(LONDON), _RESOLUTION_MINUTES)
    known = np.isfinite(matrix.kwh)
    kept = (known.mean(axis=1) >= _LONDON_COVERAGE) & (np.nanmean(matrix.kwh, axis=1) >= _LONDON_MEAN_KWH)
    matrix = replace(matrix, meter_ids=matrix.meter_ids[kept], kwh=matrix.kwh[kept])
    start = _midnight_after(matrix.start, lookback_days)
    origins = _origins(start, ("2013-10-01", "2013-11-01", "2013-12-31"), origins_per_day, _LONDON_TIME)
    context = FeatureContext(lookback_days * 24, _HORIZON, _RESOLUTION_MINUTES, _LONDON_TIME, "GB")
    note = "Homes with readings at 95 % of the hours of 2013 and 0.02 kWh an hour; no weather."
    return Protocol(LONDON, matrix, origins, context, note, scale_time=(matrix.start, origins.validation[0]))


def cambridge(lookback_days: int, origins_per_day: int) -> Protocol:
    """Buildings whose electricity was well measured in 2017 to 2019; tested at all midnights of 2019.

    Args:
        lookback_days: Days of history that a forecast reads.
        origins_per_day: Of training.

    Raises:
        DatasetError: A file is missing, or the weather has gaps.
    """
    start = _CAMBRIDGE_TRAIN_START - lookback_days * _DAY
    end = pd.Timestamp("2020-01-01", tz="UTC")
    time = [("timestamp", ">=", start), ("timestamp", "<", end)]
    readings = read_readings(CAMBRIDGE, [("meter_id", "in", _well_measured_buildings()), *time])
    readings = readings[readings["kwh"] > 0]  # whoever published them wrote 0 where a reading was missing
    matrix = to_matrix(readings, _RESOLUTION_MINUTES)
    origins = _origins(
        _midnight_after(matrix.start, lookback_days), ("2018-07-01", "2019-01-01", "2020-01-01"), origins_per_day, "UTC"
    )
    context = FeatureContext(lookback_days * 24, _HORIZON, _RESOLUTION_MINUTES, _LONDON_TIME, "GB")
    note = (
        "Buildings that were well measured in 2017 to 2019, zeros as missing. The temperature of the horizon is what "
        "was observed in Bedford, which stands in for a perfect forecast: nobody kept one."
    )
    year_before = (pd.Timestamp("2018-01-01", tz="UTC"), origins.test[0])
    temperature = _temperature(matrix.timestamps)
    return Protocol(CAMBRIDGE, matrix, origins, context, note, scale_time=year_before, temperature_c=temperature)


def _well_measured_buildings() -> list[str]:
    columns = ("meter_id", "year", "zero_share", "flat_share", "kind")
    years = read_data_file("cambridge_building_year_quality", columns, [("kind", "==", "electricity")])
    good = years["year"].isin(_CAMBRIDGE_YEARS)
    good &= (years["zero_share"] <= _ZERO_SHARE) & (years["flat_share"] <= _FLAT_SHARE)
    count = years[good].groupby("meter_id")["year"].nunique()
    return sorted(count.index[count == len(_CAMBRIDGE_YEARS)])


def _temperature(hours: pd.DatetimeIndex) -> np.ndarray:
    weather = read_data_file(_WEATHER, ("timestamp", "temp_c")).set_index("timestamp")["temp_c"].reindex(hours)
    if weather.isna().any():
        raise DatasetError(
            f"The temperature of {_WEATHER} is missing at {weather.isna().sum()} of {len(hours)} hours.",
            "Bring weather without gaps: a perfect forecast has none.",
        )
    return weather.to_numpy(np.float32)


def _midnight_after(start: pd.Timestamp, days: int) -> pd.Timestamp:
    return (start + days * _DAY).ceil("D")


def _origins(start: pd.Timestamp, cuts: tuple[str, str, str], origins_per_day: int, timezone: str) -> RollingOrigins:
    """Training up to the first cut, validation up to the second and the test, at midnights UTC, up to the third.

    A test in winter has its origins at midnight in London, so they are best learnt from midnights there; one of a whole
    year has those of summer at one o'clock, as training at midnights UTC does.
    """
    first, second, end = (pd.Timestamp(cut, tz=timezone) for cut in cuts)
    local = pd.date_range(start.tz_convert(timezone).ceil("D"), second, inclusive="left")
    midnights, last = local.tz_convert("UTC").as_unit("us"), first.tz_convert("UTC") - _HORIZON * _HOUR
    train = several_a_day(midnights[midnights <= last], origins_per_day, last, _HOUR)
    test = pd.date_range(second.tz_convert("UTC"), end.tz_convert("UTC") - _DAY, unit="us")
    return RollingOrigins(train, midnights[midnights >= first], test, _HORIZON * _HOUR)
