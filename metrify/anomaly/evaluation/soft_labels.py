"""Labels that fall off on both sides of an event, so that a near miss is worth more than one far away."""

import numpy as np

from metrify.anomaly.evaluation.true_events import TrueEvents


def soften_labels(events: TrueEvents, shape: tuple[int, int], buffer_days: int) -> np.ndarray:
    """1 in an event, and a square-root slope over half of the buffer on each side of it.

    A day that lies d days before an event's first one, or after its last one, has the label sqrt(1 - d / l) where d is
    at most l / 2, rounded down. A day on two slopes has the label 1: they add up, and never to more. The definition
    is that of Paparrizos et al. 2022, doi 10.14778/3551793.3551830; sum and rounding are what their code does.

    Args:
        events: What was really wrong.
        shape: Meters M and days D.
        buffer_days: The buffer length l. 0 and 1 give the labels themselves.

    Returns:
        `[M, D]` from 0 to 1.

    Raises:
        AnomalyError: An event lies outside of the shape.

    Example:
        >>> event = TrueEvents(np.array([0]), np.array([3]), np.array([4]), np.array(["zero"]))
        >>> soften_labels(event, (1, 7), buffer_days=4).round(2)
        array([[0.  , 0.71, 0.87, 1.  , 0.87, 0.71, 0.  ]])
    """
    labels = events.labels(shape).astype(np.float64)
    for distance in range(1, buffer_days // 2 + 1):
        for days in (events.begins - distance, events.ends - 1 + distance):
            inside = (days >= 0) & (days < shape[1])
            np.add.at(labels, (events.meters[inside], days[inside]), np.sqrt(1 - distance / buffer_days))
    return np.minimum(labels, 1)
