"""Meter-days with faults that were put into them, beside those that were measured: what kinds are learnt from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metrify.anomaly.inject_faults import inject_faults
from metrify.anomaly.kinds import Kind
from metrify.anomaly.meter_days import MeterDays

KINDS = tuple(Kind)
NORMAL = 0  # the class of a day as it was measured; that of a kind is its place among `KINDS`, from 1


@dataclass(frozen=True)
class FaultRows:
    """Rows of meter-days.

    Attributes:
        features: By name `[N, ...]` float32.
        classes: `[N]` `NORMAL`, or the kind of the fault.
    """

    features: dict[str, np.ndarray]
    classes: np.ndarray


def build_fault_rows(days: MeterDays, names: Sequence[str], copies: int, max_normal: int, seed: int) -> FaultRows:
    """Days as they were measured, and days into which faults were put.

    Each copy of the readings gets one fault a meter. What the fault does not touch is left out of the copy.

    Args:
        days: Of training meters.
        names: Of features.
        copies: How many copies there are.
        max_normal: At most so many days as they were measured, by a seeded draw.
        seed: Of all draws.
    """
    rng = np.random.default_rng(seed)
    meters, numbers = (index.ravel() for index in np.indices(days.shape))
    drawn = np.sort(rng.permutation(len(meters))[:max_normal])
    parts = [days.features(names, meters[drawn], numbers[drawn])]
    classes = [np.full(len(drawn), NORMAL)]
    for _ in range(copies):
        kwh, faults = inject_faults(
            days.matrix.kwh,
            days.matrix.resolution_minutes,
            range(days.shape[0]),
            KINDS,
            days.columns,
            seed=int(rng.integers(2**31)),
        )
        spans = [np.arange(days.day_of(fault.begin), days.day_of(fault.end - 1) + 1) for fault in faults]
        touched = np.concatenate(spans)
        of_meter = np.repeat([fault.meter for fault in faults], [len(span) for span in spans])
        parts.append(days.with_kwh(kwh).features(names, of_meter, touched))
        kinds = [KINDS.index(fault.kind) + 1 for fault in faults]
        classes.append(np.repeat(kinds, [len(span) for span in spans]))
    features = {name: np.concatenate([part[name] for part in parts]) for name in names}
    return FaultRows(features, np.concatenate(classes))


def class_weights(classes: np.ndarray, fault_weight: float) -> np.ndarray:
    """`[N]` weights with which all days of a kind weigh as much as a share of all normal days.

    Args:
        classes: `[N]`.
        fault_weight: The share.

    Example:
        >>> class_weights(np.array([0, 0, 0, 0, 2]), 0.5).tolist()
        [1.0, 1.0, 1.0, 1.0, 2.0]
    """
    counts = np.bincount(classes)
    by_class = fault_weight * counts[NORMAL] / np.maximum(counts, 1)
    by_class[NORMAL] = 1
    return by_class[classes]
