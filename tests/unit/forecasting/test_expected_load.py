import numpy as np
import pytest

from metrify.errors import ForecastError
from metrify.forecasting.expected_load import ExpectedLoad, fit_expected_load

LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])


def draw(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """True quantiles and loads of 40 meters of skewed load over 200 intervals, `[M, T, Q]` and `[M, T]`."""
    generator = np.random.default_rng(seed)
    scale = generator.gamma(2, 1, (40, 200))
    standard = np.quantile(np.random.default_rng(1).gamma(0.8, 1, 100_000), LEVELS)
    return scale[..., None] * standard, scale * generator.gamma(0.8, 1, (40, 200))


def test_sums_of_expected_loads_are_not_too_low() -> None:
    quantiles, loads = draw(2)
    expected = fit_expected_load(quantiles.sum(axis=0), loads.sum(axis=0))
    later, measured = draw(3)
    medians = later[..., 2].sum() / measured.sum()
    assert medians < 0.8
    assert expected.of(later).sum() / measured.sum() == pytest.approx(1, abs=0.03)
    assert min(expected.weights) >= 0


def test_what_is_sure_is_its_own_mean() -> None:
    loads = np.random.default_rng(0).gamma(2, 1, (10, 30))
    expected = fit_expected_load(np.repeat(loads.sum(axis=0)[:, None], 5, axis=1), loads.sum(axis=0))
    np.testing.assert_allclose(expected.of(np.repeat(loads[..., None], 5, axis=2)), loads)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ForecastError, match="too few to fit 5 weights"):
        fit_expected_load(np.ones((4, 5)), np.ones(4))
    with pytest.raises(ForecastError, match="3 quantiles meet 2 weights"):
        ExpectedLoad((0.5, 0.5)).of(np.ones((2, 3)))
