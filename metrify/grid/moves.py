"""The variables of a dispatch: what batteries, inverters and loads do in each block of the horizon."""

from dataclasses import dataclass

import numpy as np

from metrify.errors import GridError
from metrify.grid.feeder import Feeder
from metrify.grid.horizon import Horizon
from metrify.grid.linear_program import LinearProgram, Term
from metrify.grid.setpoints import Setpoints
from metrify.grid.state import State
from metrify.grid.tariff import Tariff

_KVARH_EUR = 1e-4  # what reactive power costs at least, so that there is none for nothing
_SHIFTED_KWH_EUR = 1e-4  # likewise of energy that is put off
_ROUNDING_KWH = 1e-3  # by which what batteries hold may be out of its bounds


@dataclass(frozen=True, eq=False)
class Moves:
    """Numbers of variables that move powers at buses, all of them 0 or more.

    Attributes:
        charged: `[T, A]` kW that batteries draw.
        given: `[T, A]` kW that they feed in.
        curtailed: `[T, P]` kW.
        drawn: `[T, P]` kvar that inverters draw.
        fed: `[T, P]` kvar that they feed in.
        put_off: `[T, S]` kW of the loads that can be shifted.
        made_up: `[T, S]` kW likewise.
        stored: `[T + 1, A]` kWh in batteries.
        owed: `[T + 1, S]` kWh that loads have put off.
        shiftable: `[S]` numbers of those loads.
    """

    charged: np.ndarray
    given: np.ndarray
    curtailed: np.ndarray
    drawn: np.ndarray
    fed: np.ndarray
    put_off: np.ndarray
    made_up: np.ndarray
    stored: np.ndarray
    owed: np.ndarray
    shiftable: np.ndarray

    def setpoints(self, found: np.ndarray, horizon: Horizon, taps: np.ndarray) -> Setpoints:
        """What they come to in a solution, with positions `[T]` of the tap changer."""
        shifted = np.zeros(horizon.profiles.load_kw.shape)
        shifted[:, self.shiftable] = found[self.made_up] - found[self.put_off]
        return Setpoints(
            found[self.charged] - found[self.given],
            np.clip(found[self.curtailed], 0, horizon.profiles.pv_kw),
            found[self.drawn] - found[self.fed],
            shifted,
            taps,
        )

    def effects(self, feeder: Feeder, per_kw: np.ndarray, per_kvar: np.ndarray, blocks: np.ndarray) -> list[Term]:
        """What a unit of each does to a quantity in some blocks, given what a kW and a kvar drawn at each bus do.

        Args:
            feeder: Whose elements they are.
            per_kw: `[R, n]`.
            per_kvar: `[R, n]`.
            blocks: `[R]` numbers of blocks.
        """
        of_battery, of_pv = per_kw @ feeder.battery_at.T, per_kw @ feeder.pv_at.T
        of_kvar, of_load = per_kvar @ feeder.pv_at.T, per_kw @ feeder.load_at[self.shiftable].T
        return [
            (self.charged[blocks], of_battery),
            (self.given[blocks], -of_battery),
            (self.curtailed[blocks], of_pv),
            (self.drawn[blocks], of_kvar),
            (self.fed[blocks], -of_kvar),
            (self.put_off[blocks], -of_load),
            (self.made_up[blocks], of_load),
        ]

    @property
    def balance(self) -> list[Term]:
        """What each adds to the power that flows out of the feeder."""
        signs = ((self.charged, -1.0), (self.given, 1.0), (self.curtailed, -1.0))
        return [*signs, (self.put_off, 1.0), (self.made_up, -1.0)]


def add_moves(program: LinearProgram, feeder: Feeder, horizon: Horizon, state: State, tariff: Tariff) -> Moves:
    """Adds the variables with their bounds and costs, and what batteries and loads keep from block to block.

    Raises:
        GridError: What batteries hold is not possible.
    """
    expected, hours, batteries = horizon.profiles, horizon.hours[:, None], feeder.batteries
    blocks, pv = len(horizon), len(feeder.pv_names)
    wear = tariff.wear_eur_per_kwh * hours
    charged, given = (program.variables((blocks, len(batteries)), wear, 0, batteries.power_kw) for _ in range(2))
    curtailed = program.variables((blocks, pv), 0, 0, expected.pv_kw)
    room = np.sqrt(np.maximum(feeder.pv_kva**2 - expected.pv_kw**2, 0))
    drawn, fed = (program.variables((blocks, pv), _KVARH_EUR * hours, 0, room) for _ in range(2))
    shiftable = np.flatnonzero(feeder.shiftable_kw)
    least_kw, most_kw = horizon.least_load_kw[:, shiftable], horizon.most_load_kw[:, shiftable]  # each step can do it
    put_off = program.variables(least_kw.shape, _SHIFTED_KWH_EUR * hours, 0, least_kw)
    made_up = program.variables(most_kw.shape, 0, 0, np.maximum(feeder.shiftable_kw[shiftable] - most_kw, 0))
    worth = np.zeros((blocks + 1, 1))
    worth[-1] = -tariff.stored_eur_per_kwh
    stored = program.variables((blocks + 1, len(batteries)), worth, 0, batteries.capacity_kwh)
    late = np.concatenate([[0.0], tariff.late_eur_per_kwh * horizon.ends_day])[:, None]
    late[-1] += tariff.owed_eur_per_kwh
    owed = program.variables((blocks + 1, len(shiftable)), late)
    now_kwh = np.clip(state.stored_kwh, 0, batteries.capacity_kwh)
    if (np.abs(now_kwh - state.stored_kwh) > _ROUNDING_KWH).any():
        raise GridError(
            f"Batteries of {feeder.network.name} hold less than nothing, or more than their capacity.",
            "Give what each holds, from 0 to `capacity_kwh`.",
        )
    for held, now, more, less, more_share, less_share in (
        (stored, now_kwh, charged, given, batteries.efficiency, 1 / batteries.efficiency),
        (owed, np.maximum(state.owed_kwh[shiftable], 0), put_off, made_up, 1.0, 1.0),
    ):
        if not held.shape[1]:
            continue
        program.constrain([(held[0], 1.0)], now, now)
        added, taken = ((hours * share + 0 * more).ravel() for share in (more_share, less_share))
        kept = [(held[1:].ravel(), 1.0), (held[:-1].ravel(), -1.0), (more.ravel(), -added), (less.ravel(), taken)]
        program.constrain(kept, 0.0, 0.0)
    return Moves(charged, given, curtailed, drawn, fed, put_off, made_up, stored, owed, shiftable)
