import numpy as np
import pytest

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.errors import ConfigError
from metrify.forecasting.baselines import lagged_days

from .conftest import DAY, draw_rows, train_one


def test_a_network_that_has_learnt_nothing_mixes_lagged_days() -> None:
    from metrify.forecasting.training.network import LAG_DAYS, build_network

    network = build_network(ConsumptionForecastingConfig(lstm_units=4), DAY, time_features=False)
    windows = draw_rows(20, 0)[0]["load_window"]
    quantiles = network.predict({"load_window": windows}, verbose=0)
    common = np.isin(LAG_DAYS, (1, 7, 14, 21, 28))  # the persistence ensemble
    weights = np.exp(np.where(common, 0, -2.0))
    lagged = lagged_days(windows, DAY, DAY, LAG_DAYS)
    expected = (lagged * (weights / weights.sum())[:, None]).sum(axis=1)
    np.testing.assert_allclose(quantiles[..., 2], expected, rtol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_no_weights_make_quantiles_cross(seed: int) -> None:
    from metrify.forecasting.training.network import build_network

    network = build_network(ConsumptionForecastingConfig(lstm_units=4), DAY, time_features=True)
    generator = np.random.default_rng(seed)
    network.set_weights([generator.normal(0, 2, weights.shape) for weights in network.get_weights()])
    rows = draw_rows(50, seed)[0]
    assert (np.diff(network.predict(rows, verbose=0), axis=-1) >= 0).all()


def test_the_seed_decides(tmp_path) -> None:
    one, same = (train_one(tmp_path, "gru", time_features=False) for _ in range(2))
    for before, after in zip(one.losses, same.losses, strict=True):
        assert after == pytest.approx(before, rel=1e-4)  # threads sum in an order of their own
    rows = one.rows(10)
    np.testing.assert_allclose(one.onnx.predict(rows), same.onnx.predict(rows), rtol=1e-3, atol=1e-4)


def test_rows_weigh_by_the_inverse_of_their_load() -> None:
    from metrify.forecasting.training.fit import TrainingRows

    windows = np.array([[1, 3], [-4, 4], [0, 0]], np.float32)
    np.testing.assert_allclose(TrainingRows({"load_window": windows}, windows).weights, [0.5, 0.25, 1_000])


@pytest.mark.parametrize(
    "changes",
    [
        {"sequence_length": 27 * DAY},
        {"sequence_length": 28 * DAY + 1},
        {"sequence_length": 28 * DAY, "forecast_horizon": DAY + 1},
    ],
)
def test_sizes_that_do_not_fit_are_refused_with_those_that_would(changes: dict[str, int]) -> None:
    from metrify.forecasting.training.network import build_network

    with pytest.raises(ConfigError, match="intervals don't fit") as raised:
        build_network(ConsumptionForecastingConfig(**changes), DAY, time_features=True)
    assert "28 or more whole days of 24 intervals" in raised.value.mend
