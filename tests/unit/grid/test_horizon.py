"""Blocks of steps that a plan looks ahead to."""

import numpy as np
import pytest

from metrify.grid.horizon import Coarseness, look_ahead
from metrify.grid.tariff import Tariff

from .made_up_feeder import STEPS, ZONE, make_up_day

COARSENESS = Coarseness(fine_steps=4, hourly_hours=10)


@pytest.mark.parametrize("first", range(8))
def test_blocks_grow_and_hold_one_price_each(first: int) -> None:
    expected = make_up_day().steps(first, STEPS - first)
    horizon = look_ahead(expected, Tariff(), ZONE, COARSENESS)
    assert horizon.lengths.sum() == len(expected)
    assert horizon.lengths[:4].tolist() == [1] * 4
    assert sum(horizon.lengths[:5]) + first in (8, 12)  # what is left of an hour comes after single steps
    prices = Tariff().energy_prices(expected.times, ZONE)
    np.testing.assert_array_equal(np.repeat(horizon.prices, horizon.lengths), prices)
    whole = (horizon.profiles.load_kw[:, 0] * horizon.hours).sum()
    assert whole == pytest.approx(expected.load_kw.sum() / 4)
    assert horizon.ends_day.tolist() == [False] * (len(horizon) - 1) + [True]


def test_each_step_is_a_block_without_a_coarseness() -> None:
    day = make_up_day()
    horizon = look_ahead(day, Tariff(), ZONE)
    assert len(horizon) == STEPS
    np.testing.assert_array_equal(horizon.profiles.pv_kw, day.pv_kw)
