"""What can be wrong with a reading. A reading may have several faults, so they are bits."""

from collections.abc import Iterable
from enum import IntFlag

import numpy as np

from metrify.errors import UsageError


class Fault(IntFlag):
    """The faults, in the order in which reasons name them."""

    NEGATIVE = 1  # below 0
    IMPOSSIBLE = 2  # above what the connection can carry
    SPIKE = 4  # one reading far above this meter's high readings and above both neighbours
    JUMP = 8  # a step from or to a neighbour that is no step of this meter
    ZERO_RUN = 16  # zeros for so long that the place is vacant or switched off
    MISSING_ZERO = 32  # zeros where a missing reading was written as 0
    FLAT_LINE = 64  # one value, not 0, for longer than a load stays the same
    STUCK = 128  # a flat line for so long that the meter or its transmission hangs
    FUTURE = 256  # the interval was not over when the readings were judged
    OUTLYING = 512  # years before the other readings of the dataset: a clock that was reset


# Of their stamps and not of the load, so no release lets them through.
WRONG_STAMPS = Fault.FUTURE | Fault.OUTLYING


def fault_name(fault: Fault) -> str:
    """The name in the configuration, in tables and on the command line.

    Example:
        >>> fault_name(Fault.FLAT_LINE)
        'flat_line'
    """
    return str(fault.name).lower()


def parse_faults(text: str) -> Fault:
    """The faults that a text such as `spike+jump` names.

    Raises:
        UsageError: One of them is not known.

    Example:
        >>> int(parse_faults("spike+jump"))
        12
    """
    known = {fault_name(fault): fault for fault in Fault}
    faults = Fault(0)
    for name in text.split("+"):
        if name not in known:
            raise UsageError(f"There is no fault {name!r}.", f"Use one of {', '.join(known)}.")
        faults |= known[name]
    return faults


def describe_faults(faults: np.ndarray) -> np.ndarray:
    """The names of the faults of each reading, joined by `+`; empty where there is none.

    Args:
        faults: `[N]` bits of `Fault`.

    Returns:
        `[N]` object array of texts.
    """
    distinct, rows = np.unique(faults, return_inverse=True)
    texts = ["+".join(fault_name(fault) for fault in Fault if bits & fault) for bits in distinct.tolist()]
    return np.array(texts, dtype=object)[rows]


def break_rules(faults: np.ndarray, rules: Iterable[str]) -> np.ndarray:
    """Where all faults of at least one rule come together.

    Args:
        faults: Bits of `Fault`, of any shape.
        rules: Texts such as `negative` or `spike+jump`.

    Returns:
        A mask of the same shape.
    """
    broken = np.zeros(faults.shape, dtype=bool)
    for rule in rules:
        bits = faults.dtype.type(parse_faults(rule))
        broken |= (faults & bits) == bits
    return broken
