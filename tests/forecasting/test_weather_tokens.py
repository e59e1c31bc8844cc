"""What networks and trees read of the weather, in the graph that is served."""

import numpy as np
import pytest

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.forecasting.onnx_model import OnnxModel

from .conftest import DAY, Features, draw_rows

WEATHER = ("observed_temperature", "forecast_temperature")


@pytest.fixture(scope="module")
def rows() -> Features:
    """Days that are all alike, and a forecast of one more."""
    days = np.random.default_rng(4).normal(10, 5, (6, DAY)).astype(np.float32)
    return {**draw_rows(6, 5)[0], WEATHER[0]: np.tile(days, (1, 28)), WEATHER[1]: days}


@pytest.fixture(scope="module")
def tokens(rows: Features) -> OnnxModel:
    from metrify.forecasting.training.tree_columns import build_columns, load_columns

    return load_columns(build_columns(ConsumptionForecastingConfig(), DAY, set(rows)))


def with_value(rows: Features, name: str, columns: slice, value: float) -> Features:
    changed = rows[name].copy()
    changed[:, columns] = value
    return {**rows, name: changed}


def test_what_was_not_known_counts_as_the_mean_of_the_clock_time(rows: Features, tokens: OnnxModel) -> None:
    expected = tokens.predict(rows)
    for name, columns in ((WEATHER[1], slice(5)), (WEATHER[0], slice(9 * DAY))):
        np.testing.assert_allclose(tokens.predict(with_value(rows, name, columns, np.nan)), expected, atol=1e-5)
        assert np.abs(tokens.predict(with_value(rows, name, columns, 30)) - expected).max() > 0.1


def test_without_any_weather_all_is_finite(rows: Features, tokens: OnnxModel) -> None:
    nothing = {name: np.full_like(rows[name], np.nan) for name in WEATHER}
    assert np.isfinite(tokens.predict({**rows, **nothing})).all()
