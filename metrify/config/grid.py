"""The section `grid`."""

from typing import Annotated

from pydantic import Field

from metrify.config.section import Section

Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class TariffConfig(Section):
    """What a feeder's operation costs. The defaults are the standard case, by which controllers compare."""

    high_eur_per_kwh: Price = 0.35  # of energy from 17 to 21 h by the local clock
    low_eur_per_kwh: Price = 0.12  # from 0 to 6 h
    usual_eur_per_kwh: Price = 0.22  # at all other times
    feed_in_eur_per_kwh: Price = 0.08  # paid for energy that flows out of the feeder
    peak_eur_per_kw_year: Price = 60.0  # of the highest mean power of a step that flows in, pro rata
    losses_eur_per_kwh: Price = 0.22
    wear_eur_per_kwh: Price = 0.02  # of energy that batteries take or give
    stored_eur_per_kwh: Price = 0.12  # worth of a battery's energy at the end
    owed_eur_per_kwh: Price = 0.35  # of energy that loads have put off and not drawn at the end
    late_eur_per_kwh: Price = 0.5  # of energy that loads still owe when a local day ends
    out_of_band_eur_per_pu_hour: Price = 4.0  # of an hour with the worst voltage out of the planning band, by how far


class GridConfig(Section):
    """How feeders are controlled."""

    tariff: TariffConfig = TariffConfig()
