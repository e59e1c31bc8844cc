"""A plan for all batteries, loads and inverters of a feeder together: small enough to be made anew at every step.

What is planned is one battery, one load that can be shifted and one inverter, each as large as all of the feeder's.
Where power flows within the feeder does little to what it costs: losses are a quadratic function of it, found by three
power flows of each block, and the branch to the grid above bears what it bears. What elements do in the present step is
then `allocation`'s to say, and `projection`'s that the grid bears it.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from metrify.grid.feeder import Feeder
from metrify.grid.horizon import Horizon
from metrify.grid.load_room import LoadRoom
from metrify.grid.network import Network
from metrify.grid.pooled_program import Entry, PatternProgram
from metrify.grid.power_flow import solve_power_flow
from metrify.grid.settlement import BREACH_EUR
from metrify.grid.state import State
from metrify.grid.tariff import Tariff
from metrify.units import HOURS_PER_DAY

_TANGENTS = (-0.75, -0.25, 0.25, 0.75)  # in parts of what batteries can do, where losses are touched
_SHIFTED_KWH_EUR = 1e-4  # what energy that is put off costs, so that none is for nothing
_MARGIN = 0.99  # of what branches next to the grid above bear

_MOVES = {"charged": 1.0, "given": -1.0, "curtailed": 1.0, "put_off": -1.0, "made_up": 1.0}  # what each draws
_VARIABLES = (*_MOVES, "bought", "sold", "lost", "beyond", "stored", "owed")
_LOSSES = tuple(f"losses {place}" for place in range(len(_TANGENTS)))


@dataclass(frozen=True)
class PooledAction:
    """What all elements of a kind are to do together in one step.

    Attributes:
        battery_kw: Drawn, negative where they feed in.
        curtailed_kw: Of what inverters could feed in.
        shifted_kw: Drawn by loads beyond their profiles, negative where they put energy off.
    """

    battery_kw: float
    curtailed_kw: float
    shifted_kw: float


@dataclass(frozen=True, eq=False)
class PooledPlan:
    """What is done in N blocks.

    Attributes:
        battery_kw: `[N]` as in `PooledAction`.
        curtailed_kw: `[N]` likewise.
        shifted_kw: `[N]` likewise.
        stored_kwh: `[N]` at the end of each block.
        net_kw: `[N]` that flows in, losses not counted.
        peak_kw: That the plan allows for.
    """

    battery_kw: np.ndarray
    curtailed_kw: np.ndarray
    shifted_kw: np.ndarray
    stored_kwh: np.ndarray
    net_kw: np.ndarray
    peak_kw: float

    @property
    def action(self) -> PooledAction:
        """That of the first block."""
        return PooledAction(float(self.battery_kw[0]), float(self.curtailed_kw[0]), float(self.shifted_kw[0]))


@dataclass(frozen=True, eq=False)
class LossCurve:
    """Losses in kW by the power that all batteries draw, `at_rest + slope x + bend x^2`, each `[N]`."""

    at_rest: np.ndarray
    slope: np.ndarray
    bend: np.ndarray


def fit_losses(feeder: Feeder, horizon: Horizon, tap: int) -> LossCurve:
    """Losses of each block by three power flows: with idle batteries, and with all of them at half power either way.

    Args:
        feeder: What is connected.
        horizon: N blocks.
        tap: Position of the tap changer.

    Raises:
        PowerFlowError: A block has no solution.
    """
    means, power = horizon.profiles, feeder.batteries.power_kw
    kw = means.load_kw @ feeder.load_at - means.pv_kw @ feeder.pv_at
    kvar = means.load_kvar @ feeder.load_at
    half, moved = max(float(power.sum()) / 2, 1.0), power / 2 @ feeder.battery_at
    flow = solve_power_flow(
        feeder.network, np.concatenate([kw, kw + moved, kw - moved]), np.tile(kvar, (3, 1)), np.full(3 * len(kw), tap)
    )
    rest, more, less = flow.losses_kw.reshape(3, -1)
    return LossCurve(rest, (more - less) / (2 * half), np.maximum((more + less - 2 * rest) / (2 * half**2), 0))


class PooledPlanner:
    """Plans a feeder, each time from the last plan on.

    Args:
        feeder: What is connected.
        tariff: Prices.
    """

    def __init__(self, feeder: Feeder, tariff: Tariff) -> None:
        self._feeder, self._tariff = feeder, tariff
        batteries = feeder.batteries
        self._power, self._capacity = float(batteries.power_kw.sum()), float(batteries.capacity_kwh.sum())
        weighted = float(batteries.efficiency @ batteries.capacity_kwh)
        self._efficiency = weighted / self._capacity if self._capacity else 1.0
        self._program = lru_cache(maxsize=256)(_build_program)

    def plan(
        self,
        horizon: Horizon,
        losses: LossCurve,
        state: State,
        room: LoadRoom,
        peak_kw: float,
        peak_eur_per_kw: float,
        reserve_kw: np.ndarray | float = 0.0,
    ) -> PooledPlan:
        """The cheapest plan.

        Args:
            horizon: N blocks.
            losses: Of them.
            state: At the beginning.
            room: What loads may do in the first block.
            peak_kw: What has flowed in at most before.
            peak_eur_per_kw: What each kW above that costs.
            reserve_kw: `[N]` by which more may flow in than is expected, which counts for the peak alone.

        Raises:
            GridError: The solver finds no plan.
        """
        feeder, tariff, hours, means = self._feeder, self._tariff, horizon.hours, horizon.profiles
        put_off_kw, made_up_kw = self._most_shifted(horizon, state, room)
        net = means.load_kw.sum(axis=1) - means.pv_kw.sum(axis=1)
        stored_now = float(np.clip(state.stored_kwh.sum(), 0, self._capacity))
        owed_now = float(np.maximum(state.owed_kwh, 0).sum())
        bears = _bears(feeder.network, means.load_kvar.sum(axis=1))
        wear = tariff.wear_eur_per_kwh * hours
        worth, late = np.zeros(len(horizon)), tariff.late_eur_per_kwh * horizon.ends_day
        worth[-1] -= tariff.stored_eur_per_kwh
        late[-1] += tariff.owed_eur_per_kwh
        factors: dict[Entry, np.ndarray | float] = {
            ("stored", "charged", 0): -hours * self._efficiency,
            ("stored", "given", 0): hours / self._efficiency,
            ("owed", "put_off", 0): -hours,
            ("owed", "made_up", 0): hours,
            ("inflow", "beyond", 0): -bears,
            ("outflow", "beyond", 0): -bears,
        }
        rows = {
            "balance": (net, net),
            "peak": (-np.inf, -np.asarray(reserve_kw, float)),
            "stored": _only_first(stored_now, len(horizon)),
            "owed": _only_first(owed_now, len(horizon)),
            "inflow": (-np.inf, bears),
            "outflow": (-np.inf, bears),
        }
        for row, share in zip(_LOSSES, _TANGENTS, strict=True):
            place = share * self._power
            slope = losses.slope + 2 * losses.bend * place
            factors |= {(row, name, 0): -sign * slope for name, sign in _MOVES.items()}
            rows[row] = (losses.at_rest - losses.bend * place**2, np.inf)
        found = self._program(len(horizon)).solve(
            {**_CONSTANT, **factors},
            {
                "charged": wear,
                "given": wear,
                "put_off": _SHIFTED_KWH_EUR * hours,
                "bought": horizon.prices * hours,
                "sold": -tariff.feed_in_eur_per_kwh * hours,
                "lost": tariff.losses_eur_per_kwh * hours,
                "beyond": BREACH_EUR,
                "stored": worth,
                "owed": late,
                "peak": peak_eur_per_kw,
            },
            {
                "charged": (0, self._power),
                "given": (0, self._power),
                "curtailed": (0, means.pv_kw.sum(axis=1)),
                "put_off": (0, put_off_kw),
                "made_up": (0, made_up_kw),
                "stored": (0, self._capacity),
                "peak": (peak_kw, np.inf),
            },
            rows,
            f"The pooled dispatch of {feeder.network.name}",
        )
        return PooledPlan(
            found["charged"] - found["given"],
            found["curtailed"],
            found["made_up"] - found["put_off"],
            found["stored"],
            found["bought"] - found["sold"],
            float(found["peak"][0]),
        )

    def _most_shifted(self, horizon: Horizon, state: State, room: LoadRoom) -> tuple[np.ndarray, np.ndarray]:
        """`[N]` kW that all loads can put off, and make up for: none more than it owes or draws within a day."""
        can_shift = self._feeder.shiftable_kw > 0
        load_kw, hours = horizon.profiles.load_kw[:, can_shift], horizon.hours
        within_a_day = hours.cumsum() <= HOURS_PER_DAY
        own_kwh = np.maximum(state.owed_kwh[can_shift], 0) + hours[within_a_day] @ load_kw[within_a_day]
        free = np.maximum(self._feeder.shiftable_kw[can_shift] - horizon.most_load_kw[:, can_shift], 0)
        put_off = horizon.least_load_kw[:, can_shift].sum(axis=1)
        made_up = np.minimum(free, own_kwh / hours[:, None]).sum(axis=1)
        put_off[0], made_up[0] = room.put_off_kw.sum(), room.most_kw.sum()
        return put_off, made_up


_CONSTANT: dict[Entry, np.ndarray | float] = {
    ("balance", "bought", 0): 1.0,
    ("balance", "sold", 0): -1.0,
    **{("balance", name, 0): -sign for name, sign in _MOVES.items()},
    ("peak", "bought", 0): 1.0,
    ("peak", "lost", 0): 1.0,
    ("peak", "peak", 0): -1.0,
    ("stored", "stored", 0): 1.0,
    ("stored", "stored", 1): -1.0,
    ("owed", "owed", 0): 1.0,
    ("owed", "owed", 1): -1.0,
    ("inflow", "bought", 0): 1.0,
    ("inflow", "lost", 0): 1.0,
    ("outflow", "sold", 0): 1.0,
    ("outflow", "lost", 0): -1.0,
    **{(row, "lost", 0): 1.0 for row in _LOSSES},
}
_VARYING: tuple[Entry, ...] = (
    ("stored", "charged", 0),
    ("stored", "given", 0),
    ("owed", "put_off", 0),
    ("owed", "made_up", 0),
    ("inflow", "beyond", 0),
    ("outflow", "beyond", 0),
    *((row, name, 0) for row in _LOSSES for name in _MOVES),
)


def _build_program(blocks: int) -> PatternProgram:
    return PatternProgram(blocks, _VARIABLES, ("peak",), (*_CONSTANT, *_VARYING))


def _only_first(value: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of rows that balance to a value in the first block, and to 0 in the others."""
    bound = np.zeros(count)
    bound[0] = value
    return bound, bound


def _bears(network: Network, kvar: np.ndarray) -> np.ndarray:
    """`[N]` kW that the branches at the slack bus bear beside reactive power."""
    is_next = np.abs(network.admittances[0].branch_from[:, 0]) > 0
    limit_kva = network.base_kva * float(np.minimum(network.limit_from, network.limit_to)[is_next].sum())
    return np.sqrt(np.maximum((_MARGIN * limit_kva) ** 2 - kvar**2, (0.01 * limit_kva) ** 2))
