"""Rows to fit or to validate on, and where they come from a batch at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from metrify.features.static_code import is_code
from metrify.features.text_code import NO_CODE

_SMALLEST_SCALE_KWH = 1e-3


@dataclass(frozen=True)
class TrainingRows:
    """Rows in memory.

    Attributes:
        features: Arrays by feature name, `[N, ...]` float32.
        target_kwh: `[N, H]` actual kWh per interval; NaN where none was measured, which no loss counts.
    """

    features: Mapping[str, np.ndarray]
    target_kwh: np.ndarray

    def __len__(self) -> int:
        return len(self.target_kwh)

    @property
    def non_negative(self) -> bool:
        """Whether no load is negative, so that no forecast may be."""
        return not any((values < 0).any() for values in (self.features["load_window"], self.target_kwh))

    @property
    def known_codes(self) -> dict[str, np.ndarray]:
        """`[K]` different codes of meters and their classes, rising, by those of the features that are codes."""
        return {name: distinct_codes(values) for name, values in self.features.items() if is_code(name)}

    @property
    def weights(self) -> np.ndarray:
        """One over the root of each window's mean, `[N]`: between counting every meter alike and every kWh alike."""
        mean = np.abs(self.features["load_window"]).mean(axis=1)
        return 1 / np.sqrt(np.maximum(mean, _SMALLEST_SCALE_KWH))

    def take(self, rows: np.ndarray) -> "TrainingRows":
        """Some of the rows."""
        return TrainingRows({name: values[rows] for name, values in self.features.items()}, self.target_kwh[rows])


def distinct_codes(codes: np.ndarray) -> np.ndarray:
    """The different ones of some codes, `[K]`, rising, without that of nothing."""
    return np.setdiff1d(codes, [NO_CODE]).astype(np.float32)


class RowSource(Protocol):
    """Rows that need not be in memory: `TrainingRows`, or a training set on disk."""

    def __len__(self) -> int: ...

    @property
    def non_negative(self) -> bool:
        """Whether no load of any row is negative, so that no forecast may be."""

    @property
    def known_codes(self) -> Mapping[str, np.ndarray]:
        """`[K]` different codes of meters and their classes, rising, by those of the features that are codes."""

    def take(self, rows: np.ndarray) -> TrainingRows:
        """Some of the rows, by their number; reads no others."""


class JoinedRows:
    """The rows of two sources as those of one.

    Args:
        first: Whose rows have the lower numbers.
        second: Whose rows follow; its features are those of the first.
    """

    def __init__(self, first: RowSource, second: RowSource) -> None:
        self._first, self._second = first, second

    def __len__(self) -> int:
        return len(self._first) + len(self._second)

    @property
    def non_negative(self) -> bool:
        """Whether no load of any row is negative."""
        return self._first.non_negative and self._second.non_negative

    @property
    def known_codes(self) -> dict[str, np.ndarray]:
        """`[K]` different codes of both."""
        second = self._second.known_codes
        return {name: np.union1d(codes, second[name]) for name, codes in self._first.known_codes.items()}

    def take(self, rows: np.ndarray) -> TrainingRows:
        """Some of the rows, in their order."""
        late = rows >= len(self._first)
        if late.all() or not late.any():
            return self._second.take(rows - len(self._first)) if late.all() else self._first.take(rows)
        parts = self._first.take(rows[~late]), self._second.take(rows[late] - len(self._first))
        place = np.argsort(np.concatenate([np.flatnonzero(~late), np.flatnonzero(late)]))
        features = {name: np.concatenate([part.features[name] for part in parts])[place] for name in parts[0].features}
        return TrainingRows(features, np.concatenate([part.target_kwh for part in parts])[place])
