"""A feeder: its network, what is connected to it, and what of that can be controlled."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from metrify.errors import GridError
from metrify.grid.network import Network


@dataclass(frozen=True, eq=False)
class Batteries:
    """Storages of a feeder.

    Attributes:
        names: `[A]`.
        buses: `[A]` numbers of buses.
        power_kw: `[A]` the most that one charges or discharges, at its bus.
        capacity_kwh: `[A]` between empty and full.
        efficiency: `[A]` of charging, and of discharging: above 0, at most 1.
    """

    names: tuple[str, ...]
    buses: np.ndarray
    power_kw: np.ndarray
    capacity_kwh: np.ndarray
    efficiency: np.ndarray

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, eq=False)
class Feeder:
    """What is connected to a network.

    Attributes:
        network: Its buses and branches.
        load_names: `[L]`.
        load_buses: `[L]` numbers of buses.
        shiftable_kw: `[L]` what a load whose energy may be drawn later on the same day draws at most: charging, heat
            pumps; 0 where it may not be shifted.
        pv_names: `[P]`.
        pv_buses: `[P]` numbers of buses.
        pv_kva: `[P]` ratings of the inverters.
        batteries: Storages.

    Raises:
        GridError: The sizes don't fit, or a number is not possible.
    """

    network: Network
    load_names: tuple[str, ...]
    load_buses: np.ndarray
    shiftable_kw: np.ndarray
    pv_names: tuple[str, ...]
    pv_buses: np.ndarray
    pv_kva: np.ndarray
    batteries: Batteries

    def __post_init__(self) -> None:
        batteries = self.batteries
        sizes = (
            (len(self.load_names), self.load_buses, self.shiftable_kw),
            (len(self.pv_names), self.pv_buses, self.pv_kva),
            (len(batteries), batteries.buses, batteries.power_kw, batteries.capacity_kwh, batteries.efficiency),
        )
        if any(values.shape != (count,) for count, *arrays in sizes for values in arrays):
            raise GridError(f"The elements of {self.network.name} don't fit together.", "Import the feeder again.")
        buses = np.concatenate([self.load_buses, self.pv_buses, batteries.buses])
        outside = (buses < 0) | (buses >= len(self.network.bus_names))
        above_0 = (batteries.power_kw, batteries.capacity_kwh, batteries.efficiency, self.pv_kva)
        possible = all((values > 0).all() for values in above_0) and (self.shiftable_kw >= 0).all()
        if outside.any() or not possible or (batteries.efficiency > 1).any():
            raise GridError(
                f"An element of {self.network.name} is at no bus, or has a rating, capacity or efficiency that is not "
                "possible.",
                "Give ratings and capacities above 0, and efficiencies above 0 and at most 1.",
            )

    @cached_property
    def load_at(self) -> np.ndarray:
        """`[L, n]` 1 where a load is at a bus, so that a product with it sums loads by bus."""
        return _places(self.load_buses, len(self.network.bus_names))

    @cached_property
    def pv_at(self) -> np.ndarray:
        """`[P, n]` likewise."""
        return _places(self.pv_buses, len(self.network.bus_names))

    @cached_property
    def battery_at(self) -> np.ndarray:
        """`[A, n]` likewise."""
        return _places(self.batteries.buses, len(self.network.bus_names))


@dataclass(frozen=True, eq=False)
class Profiles:
    """What a feeder's loads and inverters do in T steps, if nobody controls them.

    Attributes:
        start: UTC datetime64[s], when the first step begins.
        minutes: Of a step.
        load_kw: `[T, L]` drawn.
        load_kvar: `[T, L]` drawn.
        pv_kw: `[T, P]` fed in.
    """

    start: np.datetime64
    minutes: int
    load_kw: np.ndarray
    load_kvar: np.ndarray
    pv_kw: np.ndarray

    def __len__(self) -> int:
        return len(self.load_kw)

    @property
    def hours(self) -> float:
        """Of a step."""
        return self.minutes / 60

    @property
    def times(self) -> np.ndarray:
        """`[T]` UTC datetime64[s], when each step begins."""
        return self.start + np.arange(len(self)) * np.timedelta64(self.minutes, "m")

    @property
    def ends(self) -> np.ndarray:
        """`[T]` UTC datetime64[s], when each step ends."""
        return self.times + np.timedelta64(self.minutes, "m")

    def steps(self, first: int, count: int) -> "Profiles":
        """Some steps in a row.

        Raises:
            GridError: They reach beyond the profiles.
        """
        if first < 0 or count < 0 or first + count > len(self):
            raise GridError(
                f"The profiles have {len(self)} steps, and {first} to {first + count} are asked for.",
                "Ask for steps that are there.",
            )
        chosen = slice(first, first + count)
        start = self.start + first * np.timedelta64(self.minutes, "m")
        return Profiles(start, self.minutes, self.load_kw[chosen], self.load_kvar[chosen], self.pv_kw[chosen])


def _places(buses: np.ndarray, count: int) -> np.ndarray:
    places = np.zeros((len(buses), count))
    places[np.arange(len(buses)), buses] = 1
    return places
