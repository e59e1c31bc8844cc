"""Made-up events, scores with gaps, and anomalous days."""

import numpy as np

from metrify.anomaly.evaluation import TrueEvents

KINDS = ("stuck", "theft", "zero")


def events_of(*events: tuple[int, int, int], kind: str = "zero") -> TrueEvents:
    """Events of one kind, as meter, first day and the day after the last one."""
    meters, begins, ends = np.array(events, dtype=int).reshape(-1, 3).T
    return TrueEvents(meters, begins, ends, np.full(len(events), kind))


def draw_events(shape: tuple[int, int], count: int, seed: int, longest: int = 12) -> TrueEvents:
    """Events anywhere, which may touch or overlap."""
    generator = np.random.default_rng(seed)
    begins = generator.integers(0, shape[1], count)
    ends = np.minimum(begins + generator.integers(1, longest + 1, count), shape[1])
    return TrueEvents(generator.integers(0, shape[0], count), begins, ends, generator.choice(KINDS, count))


def draw_scores(labels: np.ndarray, seed: int, gain: float = 0.0, missing: float = 0.1, digits: int = 9) -> np.ndarray:
    """Normal scores that are higher in events; few digits make many of them equal."""
    generator = np.random.default_rng(seed)
    scores = (generator.normal(size=labels.shape) + gain * labels).round(digits)
    return np.where(generator.random(labels.shape) < missing, np.nan, scores)
