from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from metrify import ConsumptionForecastingModel, ConsumptionModelConfig, FeatureConfig, FeatureEngineeringPipeline
from metrify.errors import ConfigError, DatasetError, ReadingsError, UsageError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.specification import compute_features, select_features

from .conftest import DAY

PLACE = {"timezone": "Europe/Berlin", "country": "DE"}


def test_rows_are_those_of_the_specification(make_readings: Callable) -> None:
    readings = make_readings(2, 35)
    rows, targets = FeatureEngineeringPipeline(FeatureConfig(**PLACE)).transform_with_targets(readings)
    assert set(rows.meter_ids) == {"m0", "m1"}
    assert len(rows.origins) == len(targets) == 12  # six local midnights, over the change to summer time
    local = pd.DatetimeIndex(rows.origins, tz="UTC").tz_convert("Europe/Berlin")
    assert (local == local.normalize()).all()
    of_meter = readings[readings["meter_id"] == rows.meter_ids[-1]].set_index("timestamp")["kwh"]
    origin = pd.Timestamp(rows.origins[-1], tz="UTC")
    window = of_meter[of_meter.index < origin].to_numpy()[-672:]
    np.testing.assert_array_equal(rows.features["load_window"][-1, -DAY:], window[-DAY:])  # after the change
    np.testing.assert_array_equal(targets[-1], of_meter[of_meter.index >= origin].to_numpy()[:DAY])
    batch = FeatureBatch(window[None], rows.origins[-1:], FeatureContext(672, DAY, 60, **PLACE))
    for name, values in compute_features(select_features(True), batch).items():
        np.testing.assert_array_equal(rows.features[name][-1], values[0])


def test_a_gap_leaves_its_rows_out_and_lists_them(make_readings: Callable) -> None:
    readings = make_readings(2, 30).drop(index=100)
    config = FeatureConfig(lookback_window=48, include_time_features=False, timezone="UTC")
    rows = FeatureEngineeringPipeline(config).transform(readings)
    assert list(rows.features) == ["load_window", "meter_code"]
    assert rows.incomplete.to_dict("list") == {
        "meter_id": ["m0", "m0"],
        "origin": [pd.Timestamp("2024-03-06", tz="UTC"), pd.Timestamp("2024-03-07", tz="UTC")],
    }
    assert len(rows.meter_ids) + len(rows.incomplete) == 2 * 29


def test_the_model_takes_the_features_as_they_are(make_readings: Callable) -> None:
    """Also with time features, and in other precisions than the contract's."""
    readings = make_readings(4, 33).astype({"kwh": "float64", "timestamp": "datetime64[ns, UTC]"})
    rows, targets = FeatureEngineeringPipeline(FeatureConfig(**PLACE)).transform_with_targets(readings)
    config = ConsumptionModelConfig(model_type="gru", lstm_units=4, epochs=1, max_training_windows=8)
    model = ConsumptionForecastingModel(config)
    model.train(rows.features, targets, rows.features, targets)
    assert model.predict(rows.features).shape == targets.shape


def test_origins_can_be_chosen(make_readings: Callable) -> None:
    pipeline = FeatureEngineeringPipeline(FeatureConfig(lookback_window=48, timezone="UTC"))
    origins = pd.DatetimeIndex(["2024-03-04 07:00+00:00"])
    assert pipeline.transform(make_readings(1, 5), origins).origins.tolist() == [
        origins[0].to_pydatetime().replace(tzinfo=None)
    ]
    with pytest.raises(UsageError, match="no time zone"):
        pipeline.transform(make_readings(1, 5), origins.tz_localize(None))
    with pytest.raises(UsageError, match="1 of 1 origins start no interval"):
        pipeline.transform(make_readings(1, 5), origins + pd.Timedelta(minutes=5))


def test_readings_that_do_not_fit_are_refused(make_readings: Callable) -> None:
    pipeline = FeatureEngineeringPipeline(FeatureConfig(timezone="UTC"))
    with pytest.raises(DatasetError, match="No meter has the 672 readings"):
        pipeline.transform(make_readings(1, 5), pd.DatetimeIndex(["2024-03-04"], tz="UTC"))
    with pytest.raises(DatasetError, match="any of the 0 origins"):
        pipeline.transform(make_readings(1, 5))
    with pytest.raises(ReadingsError, match="lack the column"):
        pipeline.transform(make_readings(1, 5).drop(columns="kwh"))
    half_hours = make_readings(1, 5)
    half_hours.loc[3, "timestamp"] += pd.Timedelta(minutes=30)
    with pytest.raises(ReadingsError, match="1 of 120 time stamps lie between intervals of 60 minutes"):
        pipeline.transform(half_hours)


def test_load_statistics_are_a_choice(make_readings: Callable) -> None:
    readings, place = make_readings(2, 32), {**PLACE, "timezone": "UTC"}  # where no clock changes
    plain = FeatureEngineeringPipeline(FeatureConfig(**place)).transform(readings)
    rows = FeatureEngineeringPipeline(FeatureConfig(include_load_statistics=True, **place)).transform(readings)
    assert set(rows.features) - set(plain.features) >= {
        "lag_24h",
        "rolling_std_168h",
        "same_hour_profile",
        "origin_hour",
    }
    np.testing.assert_array_equal(rows.features["lag_24h"], rows.features["load_window"][:, -DAY])
    week = rows.features["load_window"][:, -7 * DAY :]
    np.testing.assert_allclose(rows.features["rolling_mean_168h"], week.mean(axis=1), rtol=1e-6)
    assert (rows.features["origin_hour"] == 0).all()
    assert all(np.isfinite(values).all() for values in rows.features.values())


def test_a_lookback_that_is_too_short_for_a_load_statistic_is_refused_by_name(make_readings: Callable) -> None:
    config = FeatureConfig(lookback_window=335, include_load_statistics=True, **PLACE)
    with pytest.raises(ConfigError, match="lag_336h needs 336 intervals of history where there are 335"):
        FeatureEngineeringPipeline(config).transform(make_readings(1, 16))


def test_a_network_refuses_load_statistics_by_name(make_readings: Callable) -> None:
    config = FeatureConfig(include_load_statistics=True, **PLACE)
    rows, targets = FeatureEngineeringPipeline(config).transform_with_targets(make_readings(1, 33))
    with pytest.raises(
        UsageError, match=r"X_train has load_window, .* lag_24h, .*origin_rest_day, meter_code\. Give it load_window"
    ):
        ConsumptionForecastingModel().train(rows.features, targets, rows.features, targets)


def test_a_configuration_of_features_is_read_from_yaml(make_readings: Callable, tmp_path: Path) -> None:
    path = tmp_path / "features.yaml"
    path.write_text("lookback_window: 48\nforecast_horizon: 12\ninclude_time_features: false\ntimezone: UTC\n")
    config = FeatureConfig.from_yaml(path)
    assert (config.lookback_window, config.forecast_horizon, config.include_time_features) == (48, 12, False)
    rows, targets = FeatureEngineeringPipeline(config).transform_with_targets(make_readings(1, 5))
    assert rows.features["load_window"].shape[1] == 48
    assert targets.shape[1] == 12
    path.write_text("lookback_windows: 48\n")
    with pytest.raises(ConfigError, match="lookback_windows: unknown key"):
        FeatureConfig.from_yaml(path)


def test_the_features_of_a_whole_configuration_are_read(tmp_path: Path) -> None:
    path = tmp_path / "ml_config.yaml"
    path.write_text(
        "feature_engineering: {lookback_window: 96}\n"
        "training: {consumption_forecasting: {sequence_length: 96, forecast_horizon: 12}}\n"
    )
    config = FeatureConfig.from_yaml(str(path))
    assert (config.lookback_window, config.forecast_horizon) == (96, 12)
