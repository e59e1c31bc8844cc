"""A feeder of one line, and a day of it."""

import numpy as np

from metrify.grid.feeder import Batteries, Feeder, Profiles
from metrify.grid.network import Network, TapAdmittance

STEPS, ZONE = 4 * 24, "Europe/Berlin"


def make_up_feeder(shiftable_kw: float = 0.0) -> Feeder:
    """A load, an inverter and a battery behind a line of 0.01 per unit, loaded to 100 % by 1 per unit of 100 kVA."""
    admittance = 1 / (0.01 + 0.005j)
    buses = np.array([[admittance, -admittance], [-admittance, admittance]])
    tap = TapAdmittance(buses, buses[:1], buses[1:])
    network = Network("line", ("slack", "end"), ("line",), 100.0, 1.0, (0,), (tap,), np.ones(1), np.ones(1))
    end = np.ones(1, int)
    battery = Batteries(("battery",), end, np.array([50.0]), np.array([100.0]), np.array([0.9]))
    return Feeder(network, ("load",), end, np.array([shiftable_kw]), ("pv",), end, np.array([60.0]), battery)


def make_up_day() -> Profiles:
    """40 kW all day, and 30 kW of sun from 10 to 14 h by the local clock of winter."""
    load, hours = np.full((STEPS, 1), 40.0), np.arange(STEPS) / 4
    sun = np.where((hours >= 10) & (hours < 14), 30.0, 0.0)[:, None]
    return Profiles(np.datetime64("2016-01-04T23:00", "s"), 15, load, 0 * load, sun)
