"""What learnt controllers see of an observation: numbers of about one, alike for any feeder and any length of plan."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from metrify.grid.controllers.controller import Observation
from metrify.grid.feeder import Feeder
from metrify.grid.tariff import Tariff
from metrify.units import HOURS_PER_DAY

_FINE, _HOURS, _DAYS = 4, 24, 6  # quarters of an hour, hours and days ahead that are seen one by one
_WEEK_HOURS = 7 * HOURS_PER_DAY


@dataclass(frozen=True)
class ControlView:
    """Turns observations of a feeder into views.

    Attributes:
        feeder: What is connected.
        tariff: Prices.
        timezone: IANA name of the local time.
    """

    feeder: Feeder
    tariff: Tariff
    timezone: str

    @property
    def scale_kw(self) -> float:
        """What powers are measured by: what batteries can do, or the limit of the connection where there are none."""
        power = float(self.feeder.batteries.power_kw.sum())
        return power or self.feeder.network.base_kva * float(self.feeder.network.limit_from.max())

    @property
    def size(self) -> int:
        """How many numbers a view has."""
        return 13 + 2 * _FINE + 3 * _HOURS + 3 * _DAYS

    def of(self, seen: Observation) -> np.ndarray:
        """The view of an observation, `[size]` float32."""
        expected, feeder, scale = seen.expected, self.feeder, self.scale_kw
        per_hour = round(1 / expected.hours)
        load, pv = expected.load_kw.sum(axis=1) / scale, expected.pv_kw.sum(axis=1) / scale
        count = min(len(expected), _HOURS * per_hour)
        prices = self.tariff.energy_prices(expected.times[:count], self.timezone) / self.tariff.high_eur_per_kwh
        local = pd.Timestamp(expected.start, tz="UTC").tz_convert(self.timezone)
        day = 2 * np.pi * (local.hour + local.minute / 60) / HOURS_PER_DAY
        capacity = max(float(feeder.batteries.capacity_kwh.sum()), 1e-9)
        shiftable = feeder.shiftable_kw > 0
        owed = np.maximum(seen.state.owed_kwh, 0)
        present = np.array(
            [
                np.sin(day),
                np.cos(day),
                local.dayofweek / 6,
                float(local.dayofweek >= 5),
                seen.state.stored_kwh.sum() / capacity,
                owed.sum() / capacity,
                np.minimum(owed / expected.hours, feeder.shiftable_kw).sum() / scale,
                expected.load_kw[0, shiftable].sum() / scale,
                seen.peak_kw / scale,
                seen.peak_left_hours / _WEEK_HOURS,
                prices[0],
                seen.state.tap / max(map(abs, (*feeder.network.taps, 1))),
                (load[0] - pv[0]) - seen.peak_kw / scale,
            ]
        )
        hourly = [_means(values, per_hour, _HOURS) for values in (load, pv, prices)]
        net = load - pv
        days = [
            _means(values, per_hour * HOURS_PER_DAY, _DAYS) for values in (load, pv, np.maximum(net - net.mean(), 0))
        ]
        fine = [_filled(values[:_FINE], _FINE) for values in (load, pv)]
        return np.concatenate([present, *fine, *hourly, *days]).astype(np.float32)


def _means(values: np.ndarray, length: int, count: int) -> np.ndarray:
    """`[count]` means of parts of a length; 0 beyond the values."""
    starts = np.arange(0, min(len(values), length * count), length)
    sums = np.add.reduceat(values[: length * count], starts)
    lengths = np.diff(np.append(starts, min(len(values), length * count)))
    return _filled(sums / lengths, count)


def _filled(values: np.ndarray, count: int) -> np.ndarray:
    return np.concatenate([values, np.zeros(count - len(values))])
