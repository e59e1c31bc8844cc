"""The tariff of the configuration is that of the library, and each of its keys changes what a plan or its cost is."""

from dataclasses import fields, replace

import numpy as np
import pytest

from metrify.config import MetrifyConfig
from metrify.config.loader import parse_config
from metrify.errors import ConfigError
from metrify.grid.setpoints import Setpoints
from metrify.grid.settlement import settle
from metrify.grid.state import State
from metrify.grid.tariff import Tariff

from .made_up_feeder import STEPS, ZONE, make_up_day, make_up_feeder

PRICES = MetrifyConfig().grid.tariff.model_dump()


def test_the_default_is_the_standard_case() -> None:
    assert Tariff(**PRICES) == Tariff()


def cost_of_a_day(tariff: Tariff) -> float:
    """Of a day with whatever costs something: sun that flows out, a battery, energy that is late, a low voltage."""
    feeder, day = make_up_feeder(shiftable_kw=80.0), make_up_day()
    day = replace(day, pv_kw=4 * day.pv_kw, load_kw=np.where(np.arange(STEPS)[:, None] == 30, 700.0, day.load_kw))
    setpoints = Setpoints.nothing(feeder, STEPS, 0)
    setpoints.battery_kw[:8] = 10.0
    setpoints.shifted_kw[70:74] = -20.0
    return settle(feeder, day, setpoints, State.empty(feeder), tariff, ZONE).cost_eur


@pytest.mark.parametrize("name", [field.name for field in fields(Tariff)])
def test_every_price_has_an_effect(name: str) -> None:
    config = parse_config(f"grid: {{tariff: {{{name}: {2 * PRICES[name]}}}}}")
    assert abs(cost_of_a_day(Tariff(**config.grid.tariff.model_dump())) - cost_of_a_day(Tariff())) > 1e-4


def test_a_price_below_0_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"grid\.tariff\.low_eur_per_kwh"):
        parse_config("grid: {tariff: {low_eur_per_kwh: -1}}")
