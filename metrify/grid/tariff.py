"""What a feeder's operation costs."""

from dataclasses import dataclass

import numpy as np

from metrify.grid.local_clock import local_hours

_WEEKS_PER_YEAR = 365 / 7


@dataclass(frozen=True)
class Tariff:
    """Prices. The defaults are the standard case, by which controllers compare.

    Attributes:
        high_eur_per_kwh: Of energy from 17 to 21 h by the local clock.
        low_eur_per_kwh: From 0 to 6 h.
        usual_eur_per_kwh: At all other times.
        feed_in_eur_per_kwh: What is paid for energy that flows out of the feeder.
        peak_eur_per_kw_year: Of the highest mean power of a step that flows in; a week costs its part of the year.
        losses_eur_per_kwh: Of energy that is lost in the feeder.
        wear_eur_per_kwh: Of energy that batteries take or give, at their buses.
        stored_eur_per_kwh: What a battery's energy is worth at the end, so that emptying it is no saving.
        owed_eur_per_kwh: What energy costs at the end that loads have put off and not drawn: it has to be bought.
        late_eur_per_kwh: Of energy that loads still owe when a local day ends.
        out_of_band_eur_per_pu_hour: Of an hour with the worst voltage out of the planning band, by how far.
    """

    high_eur_per_kwh: float = 0.35
    low_eur_per_kwh: float = 0.12
    usual_eur_per_kwh: float = 0.22
    feed_in_eur_per_kwh: float = 0.08
    peak_eur_per_kw_year: float = 60.0
    losses_eur_per_kwh: float = 0.22
    wear_eur_per_kwh: float = 0.02
    stored_eur_per_kwh: float = 0.12
    owed_eur_per_kwh: float = 0.35
    late_eur_per_kwh: float = 0.5
    out_of_band_eur_per_pu_hour: float = 4.0

    def energy_prices(self, times: np.ndarray, timezone: str) -> np.ndarray:
        """The price of energy at each moment, `[T]` EUR per kWh.

        Args:
            times: `[T]` UTC datetime64.
            timezone: IANA name of the local time.
        """
        hours = local_hours(times, timezone)
        high, low = (hours >= 17) & (hours < 21), hours < 6
        return np.where(high, self.high_eur_per_kwh, np.where(low, self.low_eur_per_kwh, self.usual_eur_per_kwh))

    def peak_price(self, hours: float) -> float:
        """EUR per kW of the peak of a time that takes so many hours: a week costs its part of the year."""
        return self.peak_eur_per_kw_year / _WEEKS_PER_YEAR * hours / (7 * 24)
