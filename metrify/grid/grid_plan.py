"""What is recommended for a feeder, what it comes to beside no control, and why."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from metrify.grid.feeder import Feeder, Profiles
from metrify.grid.setpoints import Setpoints
from metrify.grid.settlement import Settlement


class ActionKind(StrEnum):
    """What an element does."""

    CHARGE = "charge"
    DISCHARGE = "discharge"
    CURTAIL = "curtail"
    DRAW_REACTIVE = "draw reactive power"
    FEED_REACTIVE = "feed reactive power"
    PUT_OFF = "put off"
    MAKE_UP = "make up"
    TAP = "tap"


class Limit(StrEnum):
    """What can bind."""

    LOADING = "loading"
    PLANNING_VOLTAGE = "planning voltage"
    HARD_VOLTAGE = "voltage"
    BATTERY_FULL = "battery full"
    BATTERY_EMPTY = "battery empty"
    BATTERY_POWER = "battery power"
    LOAD_ROOM = "load room"
    STORED = "stored energy"


@dataclass(frozen=True)
class Action:
    """Steps in a row in which one element does one thing.

    Attributes:
        element: Its name.
        kind: What it does.
        first: UTC datetime64[s], when it begins.
        end: When it ends.
        kw: What it does on average, above 0; kvar of reactive power, the position of a tap changer.
        energy_kwh: Over the whole time; kvarh of reactive power, 0 of a tap changer.
        reason: Why, in one sentence.
    """

    element: str
    kind: ActionKind
    first: np.datetime64
    end: np.datetime64
    kw: float
    energy_kwh: float
    reason: str


@dataclass(frozen=True)
class Binding:
    """A limit that is reached, or that would be exceeded without control.

    Attributes:
        limit: Which one.
        element: What it is of.
        first: UTC datetime64[s], when the first such step begins.
        end: When the last one ends.
        steps: How many there are between them.
        before: The worst value without control.
        after: The worst value as planned.
        unit: Of both.
    """

    limit: Limit
    element: str
    first: np.datetime64
    end: np.datetime64
    steps: int
    before: float
    after: float
    unit: str


@dataclass(frozen=True)
class Breach:
    """A limit that the plan does not keep.

    Attributes:
        limit: Loading, voltage or stored energy.
        element: What it is of.
        first: UTC datetime64[s], when the first such step begins.
        end: When the last one ends.
        at: When the worst one begins.
        worst: Its value: percent of loading, voltage per unit.
        least: The worst value of the dispatch that breaches limits the least.
        unit: Of both.
        is_avoidable: Whether that dispatch keeps the limit.
    """

    limit: Limit
    element: str
    first: np.datetime64
    end: np.datetime64
    at: np.datetime64
    worst: float
    least: float
    unit: str
    is_avoidable: bool


@dataclass(frozen=True, eq=False)
class GridPlan:
    """What is recommended for the T steps that are expected.

    Attributes:
        feeder: Whose plan it is.
        expected: Profiles that it is made for.
        controller: Name of what decided.
        setpoints: Of T steps.
        settlement: What they come to.
        uncontrolled: What no control comes to.
        peak_price_eur_per_kw: Of the peak of the T steps.
        known_peak_kw: What had flowed in at most before, up to which a peak costs nothing more.
        actions: What elements do, in the order of time.
        binding: Limits that are reached, or that would be exceeded.
        breaches: Limits that are not kept.
        degraded: Whether something was missing, so that a rule decided.
        degraded_reason: What was missing; empty where nothing was.
    """

    feeder: Feeder
    expected: Profiles
    controller: str
    setpoints: Setpoints
    settlement: Settlement
    uncontrolled: Settlement
    peak_price_eur_per_kw: float
    known_peak_kw: float
    actions: tuple[Action, ...]
    binding: tuple[Binding, ...]
    breaches: tuple[Breach, ...]
    degraded: bool = False
    degraded_reason: str = ""

    @property
    def cost_eur(self) -> float:
        """Of the plan; a peak is charged for as far as it exceeds the one before."""
        return self._cost(self.settlement)

    @property
    def uncontrolled_cost_eur(self) -> float:
        """Likewise without control."""
        return self._cost(self.uncontrolled)

    @property
    def saving_eur(self) -> float:
        """What the plan costs less than no control."""
        return self.uncontrolled_cost_eur - self.cost_eur

    @property
    def figures(self) -> dict[str, tuple[float, float, str]]:
        """What is compared: without control, as planned, and the unit, by name."""
        before, after = self.uncontrolled, self.settlement
        voltage, planned_voltage = before.flow.voltage_pu, after.flow.voltage_pu
        loading, planned_loading = (float(one.flow.loading_percent.max(initial=0)) for one in (before, after))
        return {
            "cost": (self.uncontrolled_cost_eur, self.cost_eur, "EUR"),
            "peak": (before.peak_kw, after.peak_kw, "kW"),
            "losses": (before.losses_kwh, after.losses_kwh, "kWh"),
            "curtailed": (before.curtailed_kwh, after.curtailed_kwh, "kWh"),
            "lowest_voltage": (float(voltage.min()), float(planned_voltage.min()), "pu"),
            "highest_voltage": (float(voltage.max()), float(planned_voltage.max()), "pu"),
            "highest_loading": (loading, planned_loading, "%"),
            "violations": (before.violations, after.violations, "steps"),
        }

    def _cost(self, settled: Settlement) -> float:
        charged_before = min(settled.peak_kw, self.known_peak_kw) * self.peak_price_eur_per_kw
        return settled.cost_eur - charged_before
