"""What a plan looks ahead to: steps that may be longer, the farther they are away."""

from dataclasses import dataclass

import numpy as np

from metrify.errors import GridError
from metrify.grid.feeder import Profiles
from metrify.grid.local_clock import ends_local_day
from metrify.grid.tariff import Tariff


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


def look_ahead(expected: Profiles, tariff: Tariff, timezone: str, fine_steps: int | None = None) -> Horizon:
    """Blocks of profiles: single steps first, and then whole local hours, since prices change with the hour.

    Args:
        expected: Profiles of steps.
        tariff: Prices.
        timezone: IANA name of the local time.
        fine_steps: How many single steps at least before the first whole hour; all of them without it.

    Raises:
        GridError: An hour is no whole number of steps.
    """
    prices, ends_day = tariff.energy_prices(expected.times, timezone), ends_local_day(expected.ends, timezone)
    lengths = np.ones(len(expected), int)
    if fine_steps is not None and fine_steps < len(expected):
        per_hour, rest = divmod(60, expected.minutes)
        if rest:
            raise GridError(f"An hour is no whole number of {expected.minutes} minutes.", "Use 5, 10, 15, 30 or 60.")
        minute = int(expected.start.astype("datetime64[m]").astype(int)) % 60
        into_hour = (minute // expected.minutes + fine_steps) % per_hour
        fine = min(fine_steps + (-into_hour) % per_hour, len(expected))
        whole, left = divmod(len(expected) - fine, per_hour)
        lengths = np.concatenate([np.ones(fine, int), np.full(whole, per_hour), np.full(int(left > 0), left)])
    starts = np.concatenate([[0], lengths.cumsum()[:-1]])
    means = (
        np.add.reduceat(values, starts, axis=0) / lengths[:, None]
        for values in (expected.load_kw, expected.load_kvar, expected.pv_kw)
    )
    profiles = Profiles(expected.start, expected.minutes, *means)
    least, most = (extreme.reduceat(expected.load_kw, starts, axis=0) for extreme in (np.minimum, np.maximum))
    ends = ends_day[starts + lengths - 1]
    return Horizon(profiles, least, most, lengths, lengths * expected.hours, prices[starts], ends)
