"""What can be wrong with a meter, and what only looks so."""

from collections.abc import Iterable
from enum import StrEnum

import numpy as np


class Kind(StrEnum):
    """What an event is guessed to be."""

    STUCK = "stuck"  # the register repeats one value
    ZERO = "zero"  # the register counts nothing
    SPIKE = "spike"  # one reading is far too high
    THEFT = "theft"  # part of the load passes by the meter, for weeks
    PHASE_LOSS = "phase_loss"  # one of three phases is not measured
    CLOCK_SHIFT = "clock_shift"  # the meter's clock is hours off
    REVERSED = "reversed"  # import is counted as export
    DEGRADATION = "degradation"  # the meter counts less and less
    BURST = "burst"  # readings are missing
    VACANCY = "vacancy"  # nobody is at home: no fault


FAULTS = tuple(kind for kind in Kind if kind is not Kind.VACANCY)
LABEL_KINDS = (*(kind.value for kind in Kind), "other")  # what somebody who labels events may call one


def likeliest_faults(kind_share: np.ndarray, kinds: Iterable[str] = tuple(Kind)) -> np.ndarray:
    """What anomalous days may be: the place of the likeliest kind that is a fault.

    Args:
        kind_share: `[..., K]` how likely each kind is.
        kinds: `[K]`.

    Example:
        >>> share = np.zeros(len(Kind))
        >>> share[-2:] = 0.3, 0.6  # a burst, or a vacancy
        >>> tuple(Kind)[likeliest_faults(share)].value
        'burst'
    """
    is_fault = np.array([kind != Kind.VACANCY for kind in kinds])
    return np.asarray(np.where(is_fault, kind_share, -1.0).argmax(axis=-1))


DESCRIPTIONS = {
    Kind.STUCK: "The meter repeats one value. Read the register on site and check the pulse output.",
    Kind.ZERO: "The meter counts nothing. Check whether the connection is live, then the meter.",
    Kind.SPIKE: "One reading is far above what the meter ever had. Compare it with the register.",
    Kind.THEFT: "All of the load is lower by one factor since a day. Look for a bypass.",
    Kind.PHASE_LOSS: "About a third of the load is missing. Check the fuses and the wiring of each phase.",
    Kind.CLOCK_SHIFT: "The day's profile has moved by hours. Set the meter's clock.",
    Kind.REVERSED: "Readings are negative. Check the direction of the current transformers.",
    Kind.DEGRADATION: "The load falls slowly, at all hours alike. Test the meter's accuracy.",
    Kind.BURST: "Readings are missing. Check the communication.",
    Kind.VACANCY: "The home seems to be empty. Nothing to do.",
}
