"""What a plan looks ahead to: steps that may be longer, the farther they are away."""

from dataclasses import dataclass

import numpy as np

from metrify.grid.feeder import Profiles
from metrify.grid.local_clock import ends_local_day, local_hours
from metrify.grid.tariff import Tariff

_FAR_STARTS = (0, 3, 6, 10, 14, 17, 21)  # local hours at which blocks far away begin: prices change, or the sun


@dataclass(frozen=True, eq=False)
class Horizon:
    """Blocks of steps, in each of which the same is done.

    Attributes:
        profiles: Means of the T blocks.
        least_load_kw: `[T, L]` in any step of each block.
        most_load_kw: `[T, L]` likewise.
        lengths: `[T]` steps of each block.
        hours: `[T]` of each block.
        prices: `[T]` EUR per kWh of energy.
        ends_day: `[T]` bool, whether a local day ends with the block.
    """

    profiles: Profiles
    least_load_kw: np.ndarray
    most_load_kw: np.ndarray
    lengths: np.ndarray
    hours: np.ndarray
    prices: np.ndarray
    ends_day: np.ndarray

    def __len__(self) -> int:
        return len(self.lengths)


@dataclass(frozen=True)
class Coarseness:
    """How fast blocks grow.

    Attributes:
        fine_steps: Single steps, the present one first. After them comes what is left of an hour.
        hourly_hours: From now until where blocks are whole hours. Later ones are parts of days.
    """

    fine_steps: int
    hourly_hours: int


def look_ahead(expected: Profiles, tariff: Tariff, timezone: str, coarseness: Coarseness | None = None) -> Horizon:
    """Blocks of profiles, none of which holds two prices.

    Args:
        expected: Profiles of steps.
        tariff: Prices.
        timezone: IANA name of the local time.
        coarseness: Of the blocks; each step is one without it.
    """
    count = len(expected)
    prices, ends_day = tariff.energy_prices(expected.times, timezone), ends_local_day(expected.ends, timezone)
    starts = np.arange(count) if coarseness is None else _block_starts(expected, timezone, coarseness)
    lengths = np.diff(np.append(starts, count))
    means = (
        np.add.reduceat(values, starts, axis=0) / lengths[:, None]
        for values in (expected.load_kw, expected.load_kvar, expected.pv_kw)
    )
    profiles = Profiles(expected.start, expected.minutes, *means)
    least, most = (extreme.reduceat(expected.load_kw, starts, axis=0) for extreme in (np.minimum, np.maximum))
    ends = ends_day[starts + lengths - 1]
    return Horizon(profiles, least, most, lengths, lengths * expected.hours, prices[starts], ends)


def _block_starts(expected: Profiles, timezone: str, coarseness: Coarseness) -> np.ndarray:
    count, steps = len(expected), np.arange(len(expected))
    on_hour = expected.times.astype("datetime64[m]").astype(int) % 60 == 0
    is_fine = steps <= coarseness.fine_steps
    is_near = on_hour & (steps * expected.hours <= coarseness.hourly_hours)
    is_far = on_hour & np.isin(local_hours(expected.times, timezone), _FAR_STARTS)
    return np.flatnonzero(is_fine[:count] | is_near | is_far)
