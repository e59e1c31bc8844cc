"""What can be wrong with a meter, and what only looks so."""

from collections.abc import Mapping
from enum import StrEnum


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
OTHER = "other"  # like none of them
LABEL_KINDS = (*(kind.value for kind in Kind), OTHER)  # what somebody who labels events may call one


DESCRIPTIONS: Mapping[str, str] = {
    Kind.STUCK: "The meter repeats one value. Read the register on site and check the pulse output.",
    Kind.ZERO: "The meter counts nothing. Check whether the connection is live, then the meter.",
    Kind.SPIKE: "One reading is far above what the meter ever had. Compare it with the register.",
    Kind.THEFT: "All of the load is lower by one factor since a day. Look for a bypass.",
    Kind.PHASE_LOSS: "About a third of the load is missing. Check the fuses and the wiring of each phase.",
    Kind.CLOCK_SHIFT: "The day's profile has moved by hours. Set the meter's clock.",
    Kind.REVERSED: "Readings are negative. Check the direction of the current transformers.",
    Kind.DEGRADATION: "The load falls slowly, at all hours alike. Test the meter's accuracy.",
    Kind.BURST: "Readings are missing. Check the communication.",
    OTHER: "The readings are unusual, and like no known fault. Compare them with what the home does.",
    Kind.VACANCY: "The home seems to be empty. Nothing to do.",
}
