"""What a feeder's loads and inverters are expected to do in the next hours, from energies of their meters."""

from dataclasses import dataclass

import numpy as np

from metrify.grid.feeder import Feeder, Profiles

_MINUTES = 60


@dataclass(frozen=True, eq=False)
class ExpectedHours:
    """Hourly means of what is not controlled.

    Attributes:
        start: UTC datetime64[s], when the first hour begins.
        load_kw: `[H, L]` float32, drawn.
        pv_kw: `[H, P]` float32, fed in.
    """

    start: np.datetime64
    load_kw: np.ndarray
    pv_kw: np.ndarray

    def profiles(self, kvar_per_kw: np.ndarray) -> Profiles:
        """Profiles of H steps.

        Args:
            kvar_per_kw: `[L]` that loads usually draw beside their power.
        """
        load_kw = self.load_kw.astype(float)
        return Profiles(self.start, _MINUTES, load_kw, load_kw * kvar_per_kw, self.pv_kw.astype(float))


def element_meters(feeder: Feeder) -> list[str]:
    """The meters of a feeder's dataset, `[L + P]`: `<feeder>/<element>`, loads first."""
    return [f"{feeder.network.name}/{element}" for element in (*feeder.load_names, *feeder.pv_names)]


def expect_hours(feeder: Feeder, start: np.datetime64, kwh: np.ndarray) -> ExpectedHours:
    """Hours as they are forecast, or measured. Nothing is below 0, and no inverter feeds in more than its rating.

    Args:
        feeder: What is connected.
        start: UTC datetime64[s], when the first hour begins.
        kwh: `[L + P, H]` of the meters of `element_meters`; what inverters feed in is positive.
    """
    kw, loads = np.maximum(kwh, 0).T.astype(np.float32), len(feeder.load_names)
    rated = feeder.pv_kva.astype(np.float32)
    return ExpectedHours(start, np.ascontiguousarray(kw[:, :loads]), np.minimum(kw[:, loads:], rated))


def usual_kvar_per_kw(profiles: Profiles) -> np.ndarray:
    """What loads draw of reactive power for each kW, `[L]`, over all of their profiles; 0 of those that draw none."""
    drawn = profiles.load_kw.sum(axis=0)
    return np.divide(profiles.load_kvar.sum(axis=0), drawn, out=np.zeros(len(drawn)), where=drawn > 0)
