"""The view of a learnt controller whose steps are longer than those that it has learnt from."""

from dataclasses import dataclass, replace

import numpy as np

from metrify.grid.controllers.controller import Observation
from metrify.grid.controllers.view import ControlView
from metrify.grid.feeder import Profiles


@dataclass(frozen=True)
class FinerView(ControlView):
    """Shows each step that is expected as several, in each of which the same comes.

    Attributes:
        minutes: Of the steps that the controller has learnt from.
    """

    minutes: int

    def of(self, seen: Observation) -> np.ndarray:
        """See `ControlView`."""
        return super().of(replace(seen, expected=_divide(seen.expected, self.minutes)))


def _divide(profiles: Profiles, minutes: int) -> Profiles:
    count = max(profiles.minutes // minutes, 1)
    parts = (np.repeat(values, count, axis=0) for values in (profiles.load_kw, profiles.load_kvar, profiles.pv_kw))
    return Profiles(profiles.start, profiles.minutes // count, *parts)
