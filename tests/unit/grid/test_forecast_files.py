from pathlib import Path

import numpy as np
import pytest

from metrify.errors import GridError
from metrify.grid.forecasts.feeder_settings import country_of_timezone
from metrify.grid.forecasts.forecast_files import read_forecasts, write_forecasts
from metrify.grid.forecasts.hourly_forecaster import HourlyForecasts

FORECASTS = HourlyForecasts(
    np.array([672, 675]),
    np.random.default_rng(0).random((2, 36, 3), np.float32),
    np.random.default_rng(1).random((2, 36, 3, 5), np.float32),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "forecasts"
    write_forecasts(path, FORECASTS)
    assert [file.name for file in tmp_path.iterdir()] == ["forecasts"]
    read = read_forecasts(path, 3)
    for name in ("origins", "mean_kw", "quantiles_kw"):
        np.testing.assert_array_equal(getattr(read, name), getattr(FORECASTS, name))


def test_forecasts_of_another_feeder_are_refused(tmp_path: Path) -> None:
    write_forecasts(tmp_path / "forecasts", FORECASTS)
    with pytest.raises(GridError, match="of 3 elements from 2 hours, and the feeder has 4"):
        read_forecasts(tmp_path / "forecasts", 4)


def test_a_missing_damaged_or_pickled_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GridError, match="can't be read"):
        read_forecasts(tmp_path / "none", 3)
    path = tmp_path / "forecasts"
    write_forecasts(path, FORECASTS)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(GridError, match="can't be read"):
        read_forecasts(path, 3)
    with path.open("wb") as file:
        np.savez(file, origins=np.array([{}], object), mean_kw=np.zeros(1), quantiles_kw=np.zeros(1))
    with pytest.raises(GridError, match="can't be read"):
        read_forecasts(path, 3)


def test_holidays_are_those_of_the_zone_s_country() -> None:
    assert [country_of_timezone(zone) for zone in ("Europe/London", "Asia/Tokyo")] == ["GB", "JP"]
    with pytest.raises(GridError, match="UTC is of no country"):
        country_of_timezone("UTC")
