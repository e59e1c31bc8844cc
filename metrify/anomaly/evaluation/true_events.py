"""What was really wrong, and when: injected or labelled events, which detectors are judged on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metrify.anomaly.evaluation.spans import Spans
from metrify.errors import AnomalyError


@dataclass(frozen=True, eq=False)
class TrueEvents(Spans):
    """E events; those of one meter may touch or overlap.

    Attributes:
        meters: `[E]` the row of each one's meter, from 0.
        begins: `[E]` its first day, a column, from 0.
        ends: `[E]` the day after its last one.
        kinds: `[E]` str, what it is.

    Raises:
        AnomalyError: The lengths differ, a number is negative or not whole, or an event has no day.

    Example:
        >>> TrueEvents(np.array([0]), np.array([1]), np.array([3]), np.array(["theft"])).labels((1, 4))
        array([[False,  True,  True, False]])
    """

    kinds: np.ndarray

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kinds.shape != self.meters.shape:
            raise AnomalyError(
                f"There are kinds of shape {list(self.kinds.shape)} for {len(self)} events.",
                "Give one kind for each event.",
            )

    def labels(self, shape: tuple[int, int]) -> np.ndarray:
        """Which days lie in an event.

        Args:
            shape: Meters M and days D.

        Returns:
            `[M, D]` bool.

        Raises:
            AnomalyError: An event lies outside of the shape.
        """
        return self.covered(shape)


def join_events(parts: Sequence[TrueEvents], meters: Sequence[int]) -> TrueEvents:
    """The events of several sets of meters as those of one, in which each set follows the one before.

    Args:
        parts: Events of each set; there is one set at least.
        meters: How many meters each set has.

    Example:
        >>> one = TrueEvents(np.array([1]), np.array([0]), np.array([2]), np.array(["zero"]))
        >>> join_events([one, one], [3, 3]).meters.tolist()
        [1, 4]
    """
    before = np.cumsum([0, *meters[:-1]])
    return TrueEvents(
        np.concatenate([part.meters + first for part, first in zip(parts, before, strict=True)]),
        np.concatenate([part.begins for part in parts]),
        np.concatenate([part.ends for part in parts]),
        np.concatenate([part.kinds for part in parts]),
    )
