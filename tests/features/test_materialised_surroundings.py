"""From imported files of weather and grid status to what the store says of a station and a feeder."""

from pathlib import Path

import pandas as pd
import pytest

from metrify.adapters.feature_repository import open_store
from metrify.config import Home, MetrifyConfig, default_config
from metrify.readings.sources.table_source import TableSource
from metrify.steps.backfill_features import backfill_features
from metrify.steps.import_dataset import import_dataset
from metrify.steps.ingest_readings import ingest_readings
from metrify.steps.materialise_features import materialise_features
from metrify.steps.validate_readings import validate_readings

START, DAYS, HOLD_OUT_DAYS = pd.Timestamp("2024-05-01", tz="UTC"), 30, 21
HOUR = pd.Timedelta(hours=1)


def config() -> MetrifyConfig:
    values = default_config().model_dump()
    values["feature_engineering"].update(lookback_window=48, hold_out_days=HOLD_OUT_DAYS)
    values["training"]["consumption_forecasting"].update(sequence_length=48, forecast_horizon=24)
    return MetrifyConfig.model_validate(values)


def stamps(days: int) -> pd.Series:
    return pd.Series(pd.date_range(START, periods=days * 24, freq="h")).dt.strftime("%Y-%m-%dT%H:%MZ")


def source(folder: Path, days: int, celsius: float) -> TableSource:
    hours = stamps(days)
    kwh = [0.1 + 0.1 * (hour % 7) for hour in range(len(hours))]
    pd.DataFrame({"meter_id": "n1", "timestamp": hours, "kwh": kwh}).to_csv(folder / "readings.csv", index=False)
    (folder / "meters.csv").write_text("meter_id,feeder_id\nn1,f1\n")
    weather = pd.DataFrame({"timestamp": hours, "issued_at": "", "temperature_c": celsius})
    forecast = weather.assign(issued_at=START.strftime("%Y-%m-%dT%H:%MZ"), temperature_c=celsius + 1).iloc[:24]
    pd.concat([weather, forecast]).to_csv(folder / "weather.csv", index=False)
    status = pd.DataFrame({"feeder_id": "f1", "timestamp": hours, "loading_percent": range(len(hours))})
    status.to_csv(folder / "status.csv", index=False)
    files = {name: folder / f"{name}.csv" for name in ("meters", "weather")}
    return TableSource(folder / "readings.csv", "ours", timezone="UTC", grid_status=folder / "status.csv", **files)


def online(home: Home, feature: str, **entity: str) -> float | None:
    return open_store(home).get_online_features([feature], [entity]).to_dict()[feature.partition(":")[2]][0]


@pytest.fixture
def home(metrify_home: Path, tmp_path: Path) -> Home:
    home = Home(metrify_home)
    import_dataset(source(tmp_path, DAYS, 15.5), home=home)
    dataset, verdicts = tmp_path / "dataset", tmp_path / "verdicts"
    ingest_readings("ours", dataset, home)
    validate_readings(dataset, verdicts, config(), home)
    figures = materialise_features(dataset, verdicts, tmp_path / "until", config(), home)
    rows = {name: figures[f"{name}_rows"] for name in ("weather_observed", "weather_forecast", "grid_status")}
    assert rows == {"weather_observed": DAYS * 24, "weather_forecast": 1, "grid_status": DAYS * 24}
    return home


def test_the_store_holds_what_was_known_where_the_windows_end(home: Home) -> None:
    hours_known = (DAYS - HOLD_OUT_DAYS) * 24
    assert online(home, "weather_observed:temperature_c", station_id="station") == 15.5
    assert online(home, "grid_status:loading_percent", feeder_id="f1") == hours_known - 1
    assert online(home, "weather_forecast:issued_at", station_id="station") is None  # it is nine days old


def test_a_backfill_brings_them_up_to_the_dataset(home: Home, tmp_path: Path) -> None:
    import_dataset(source(tmp_path, DAYS + 1, 20.0), append=True, home=home)
    backfill_features(home)
    assert online(home, "weather_observed:temperature_c", station_id="station") == 20
    assert online(home, "grid_status:loading_percent", feeder_id="f1") == (DAYS + 1) * 24 - 1
