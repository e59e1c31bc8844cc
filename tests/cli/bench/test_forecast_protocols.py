"""Who is scored, when, and on which rows: on the measured sets, and in the corners on made-up loads."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from metrify.cli.bench.forecast.data_files import DATA_VARIABLE
from metrify.cli.bench.forecast.find_protocol import find_protocol
from metrify.cli.bench.forecast.household_protocols import CAMBRIDGE, LONDON
from metrify.cli.bench.forecast.measure import ForecastBench
from metrify.cli.bench.forecast.protocol import Protocol, several_a_day, shrink
from metrify.cli.bench.forecast.protocol_rows import find_rows
from metrify.cli.bench.forecast.transformer_protocols import ETT, OPENSTEF
from metrify.config import MetrifyConfig
from metrify.config.loader import default_config
from metrify.config.schema import FeatureEngineeringConfig
from metrify.errors import ConfigError, DatasetError, ForecastError
from metrify.features.batch import FeatureBatch
from metrify.features.specification import compute_features, select_features
from metrify.forecasting.evaluation.scaled_errors import seasonal_scale
from metrify.readings.dataset import Dataset, DatasetInfo, write_dataset

from .protocols import DATA_DIR, DAY, START, draw_protocol, needs

HOUR = pd.Timedelta(hours=1)
SETS = [pytest.param(name, marks=needs(name)) for name in (LONDON, CAMBRIDGE, ETT, OPENSTEF)]


@pytest.fixture(scope="module")
def measured() -> Callable[..., Protocol]:
    """The protocol of a measured set, read once."""
    known: dict[tuple, Protocol] = {}

    def find(name: str, origins_per_day: int = 1) -> Protocol:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(DATA_VARIABLE, str(DATA_DIR))
            if (name, origins_per_day) not in known:
                known[name, origins_per_day] = find_protocol(name, 28, origins_per_day)
        return known[name, origins_per_day]

    return find


@pytest.mark.parametrize(
    ("name", "meters", "validation", "test"),
    [
        pytest.param(LONDON, 561, ("2013-10-01", "2013-10-31"), ("2013-11-01", "2013-12-30"), marks=needs(LONDON)),
        pytest.param(CAMBRIDGE, 33, ("2018-07-01", "2018-12-31"), ("2019-01-01", "2019-12-31"), marks=needs(CAMBRIDGE)),
    ],
)
def test_who_is_scored_and_when(measured, name, meters, validation, test) -> None:
    protocol = measured(name)
    assert len(protocol.matrix.meter_ids) == meters
    timezone = "Europe/London" if name == LONDON else "UTC"
    assert list(protocol.origins.validation) == list(pd.date_range(*validation, tz=timezone))
    assert list(protocol.origins.test) == list(pd.date_range(*test, tz="UTC"))
    assert protocol.origins.train[-1] + pd.Timedelta(days=1) == protocol.origins.validation[0]
    assert protocol.origins.train[0] <= protocol.matrix.start + pd.Timedelta(days=29)
    assert (protocol.temperature_c is not None) == (name == CAMBRIDGE)


@needs(CAMBRIDGE)
def test_zeros_of_cambridge_are_missing(measured) -> None:
    kwh = measured(CAMBRIDGE).matrix.kwh
    assert not (kwh == 0).any()
    assert np.isnan(kwh).any()


@needs(ETT)
def test_the_seasonal_naive_forecast_has_the_published_error(monkeypatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(DATA_DIR))
    bench = ForecastBench(ETT, ("seasonal_naive",), default_config(), 1, 1)
    rows = {row.name: row.value for row in bench.measure(False, lambda line: None)}
    assert f"{rows[f'forecast.{ETT}.seasonal_naive.mase']:.4f}" == "1.3227"
    assert rows[f"forecast.{ETT}.rows_scored"] == 14 * 20


@needs(OPENSTEF)
def test_grid_points_are_forecast_by_the_quarter_of_an_hour_from_local_midnight(measured) -> None:
    protocol = measured(OPENSTEF)
    assert protocol.context.forecast_horizon == 96
    assert len(protocol.origins.test) == 30
    assert set(protocol.origins.test.tz_convert("Europe/Amsterdam").hour) == {0}


@pytest.mark.parametrize("origins_per_day", [1, 24])
@pytest.mark.parametrize("name", SETS)
def test_no_target_of_a_side_reaches_into_the_next(measured, name, origins_per_day) -> None:
    origins = measured(name, origins_per_day).origins
    assert origins.train[-1] + origins.horizon <= origins.validation[0]
    assert origins.validation[-1] + origins.horizon <= origins.test[0]
    once = len(measured(name).origins.train)
    assert (once - 1) * origins_per_day <= len(origins.train) <= once * origins_per_day


def test_a_dataset_without_a_protocol_is_cut_by_time(metrify_home) -> None:
    made_up = draw_protocol().matrix
    stamps = np.tile(made_up.timestamps.tz_localize(None).to_numpy("datetime64[us]"), 3)
    kwh = made_up.kwh.ravel().copy()
    kwh[:5] = 0
    readings = pd.DataFrame(
        {
            "meter_id": np.repeat(made_up.meter_ids, 60 * DAY),
            "timestamp": pd.DatetimeIndex(stamps, tz="UTC"),
            "kwh": kwh,
        }
    )
    meters = pd.DataFrame({"meter_id": made_up.meter_ids, "group": made_up.meter_ids, "district": "d"})
    info = DatasetInfo("ours", 60, "Europe/Berlin", "DE", "none", "none", zeros_are_missing=True)
    write_dataset(Dataset(info, readings, meters), metrify_home / "datasets" / "ours")
    protocol = find_protocol("ours", 28, 1)
    origins = protocol.origins
    assert np.isnan(protocol.matrix.kwh).sum() == 5
    assert (len(origins.train), len(origins.validation), len(origins.test)) == (16, 6, 9)  # of 60 days
    assert set(origins.test.tz_convert("Europe/Berlin").hour) == {0}
    assert origins.train[-1] + origins.horizon <= origins.validation[0]
    assert origins.validation[-1] + origins.horizon <= origins.test[0]


def test_origins_must_lie_between_intervals() -> None:
    with pytest.raises(ForecastError, match="7 origins a day"):
        several_a_day(pd.date_range(START, periods=3), 7, START + pd.Timedelta(days=3), HOUR)


def test_an_origin_without_a_whole_window_is_refused() -> None:
    protocol = draw_protocol()
    with pytest.raises(ForecastError, match="beyond its readings"):
        replace(protocol, context=replace(protocol.context, sequence_length=29 * DAY))


def test_without_the_file_the_mend_names_the_variable(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    with pytest.raises(DatasetError, match=ETT) as raised:
        find_protocol(ETT, 28, 1)
    assert DATA_VARIABLE in raised.value.mend


def test_a_quick_version_ends_where_the_whole_one_does() -> None:
    whole = draw_protocol(meters=9)
    few = shrink(whole)
    assert few.matrix.kwh.shape[0] < 9
    assert few.origins.test[-1] == whole.origins.test[-1]


def test_rows_without_enough_readings_are_counted_and_named() -> None:
    protocol = draw_protocol()
    kwh = protocol.matrix.kwh
    kwh[0, : 40 * DAY] = np.nan  # less than half of the first windows of the test is visible
    kwh[1, 30 * DAY : 31 * DAY] = np.nan  # filled
    kwh[2, 58 * DAY :] = np.nan  # no target to score
    rows, refused = find_rows(protocol, "test", FeatureEngineeringConfig())
    visible = [day for day in range(47, 59) if day - 40 >= 14]
    assert refused.tolist() == [12 - len(visible), 0, 0]
    assert np.bincount(rows.meters).tolist() == [len(visible), 12, 11]
    taken = rows.take(np.arange(len(rows)))
    assert np.isfinite(taken.features["load_window"]).all()


def test_a_row_has_the_features_that_are_computed_for_it_alone() -> None:
    rows, _ = find_rows(draw_protocol(), "train", FeatureEngineeringConfig())
    some = np.array([30, 3, 20])
    windows, stamps = rows.windows(some), rows.protocol.matrix.timestamps[rows.columns[some]]
    origins, meters = stamps.tz_localize(None).to_numpy().astype("datetime64[s]"), rows.meter_ids[rows.meters[some]]
    batch = FeatureBatch(windows, origins, rows.protocol.context, meter_ids=meters)
    expected = compute_features(select_features(True, include_meter=True), batch)
    taken = rows.take(some).features
    assert taken.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(taken[name], values, err_msg=name)


def test_the_temperature_of_the_horizon_is_what_was_observed_then() -> None:
    rows, _ = find_rows(draw_protocol(weather=True), "test", FeatureEngineeringConfig())
    features = rows.take(np.array([5])).features
    column = rows.columns[5]
    assert features["observed_temperature"][0].tolist() == list(range(column - 28 * DAY, column))
    assert features["forecast_temperature"][0].tolist() == list(range(column, column + DAY))
    assert not {"observed_temperature", "forecast_temperature"} & set(
        rows.without_weather().take(np.array([5])).features
    )


def test_the_scale_of_an_error_is_measured_before_the_forecast() -> None:
    protocol = draw_protocol()
    rows, _ = find_rows(protocol, "test", FeatureEngineeringConfig())
    fixed = seasonal_scale(protocol.matrix.kwh[:, : 40 * DAY], 7 * DAY)
    np.testing.assert_allclose(protocol.scales(rows.meters, rows.columns), fixed[rows.meters])
    growing = replace(protocol, scale_time=None, season_days=1)
    scales = growing.scales(rows.meters, rows.columns)
    last = seasonal_scale(protocol.matrix.kwh[:, : 58 * DAY], DAY)
    np.testing.assert_allclose(scales[rows.columns == 58 * DAY], last)


def test_columns_of_meters_that_no_protocol_knows_are_refused() -> None:
    values = default_config().model_dump()
    values["feature_engineering"]["static_columns"] = ("tariff",)
    bench = ForecastBench(LONDON, (), MetrifyConfig.model_validate(values), 1, 1)
    with pytest.raises(ConfigError, match="know nothing of meters but their readings"):
        bench.measure(True, print)
