"""Runs of days of single meters, which alarms and true events are."""

from dataclasses import dataclass

import numpy as np

from metrify.errors import AnomalyError


@dataclass(frozen=True, eq=False)
class Spans:
    """S runs of days.

    Attributes:
        meters: `[S]` the row of each one's meter, from 0.
        begins: `[S]` its first day, a column, from 0.
        ends: `[S]` the day after its last one.

    Raises:
        AnomalyError: The lengths differ, a number is negative or not whole, or a span has no day.
    """

    meters: np.ndarray
    begins: np.ndarray
    ends: np.ndarray

    def __post_init__(self) -> None:
        numbers = {"meters": self.meters, "begins": self.begins, "ends": self.ends}
        lengths = {name: list(values.shape) for name, values in numbers.items()}
        if any(shape != [len(self.meters)] for shape in lengths.values()):
            raise AnomalyError(f"Spans have arrays of shapes {lengths}.", "Give one number for each span in each.")
        for name, values in numbers.items():
            if not np.issubdtype(values.dtype, np.integer):
                raise AnomalyError(
                    f"The {name} of spans are of type {values.dtype}.", "Give row and day numbers, as integers."
                )
            if (values < 0).any():
                raise AnomalyError(
                    f"The {name} of spans have the negative number {values.min()}.", "Count meters and days from 0."
                )
        empty = self.ends <= self.begins
        if empty.any():
            raise AnomalyError(
                f"{empty.sum()} spans end no later than they begin, the first of them from day "
                f"{self.begins[empty][0]} to day {self.ends[empty][0]}.",
                "Ends are exclusive: give the day after the last one.",
            )

    def __len__(self) -> int:
        return len(self.meters)

    def covered(self, shape: tuple[int, int]) -> np.ndarray:
        """Which days lie in a span.

        Args:
            shape: Meters M and days D.

        Returns:
            `[M, D]` bool.

        Raises:
            AnomalyError: A span lies outside of the shape.

        Example:
            >>> Spans(np.array([1]), np.array([0]), np.array([2])).covered((2, 3)).astype(int)
            array([[0, 0, 0],
                   [1, 1, 0]])
        """
        self._require_inside(shape)
        steps = np.zeros((shape[0], shape[1] + 1), dtype=np.int64)
        np.add.at(steps, (self.meters, self.begins), 1)
        np.add.at(steps, (self.meters, self.ends), -1)
        return steps.cumsum(axis=1)[:, :-1] > 0

    def count(self, marked: np.ndarray) -> np.ndarray:
        """How many days of each span are marked.

        Args:
            marked: `[M, D]` bool.

        Returns:
            `[S]` int.

        Raises:
            AnomalyError: A span lies outside of the days.

        Example:
            >>> days = np.array([[True, True, False, True]])
            >>> Spans(np.array([0, 0]), np.array([0, 2]), np.array([2, 3])).count(days)
            array([2, 0])
        """
        return self._reduce(np.add, marked.astype(np.int64))

    def highest(self, values: np.ndarray) -> np.ndarray:
        """The highest value in each span.

        Args:
            values: `[M, D]` without NaN.

        Returns:
            `[S]`.

        Raises:
            AnomalyError: A span lies outside of the days.

        Example:
            >>> Spans(np.array([0]), np.array([1]), np.array([3])).highest(np.array([[9.0, 1.0, 2.0, 8.0]]))
            array([2.])
        """
        return self._reduce(np.maximum, values)

    def _reduce(self, operation: np.ufunc, values: np.ndarray) -> np.ndarray:
        self._require_inside(values.shape)
        first_places = self.meters * values.shape[1]
        # Pairs of places: `reduceat` takes what lies between the two, and what lies between pairs is dropped. The last
        # pair may end behind the last value, so there is one more.
        places = np.stack([first_places + self.begins, first_places + self.ends], axis=1).ravel()
        return operation.reduceat(np.append(values.ravel(), values.dtype.type(0)), places)[::2]

    def _require_inside(self, shape: tuple[int, ...]) -> None:
        outside = (self.meters >= shape[0]) | (self.ends > shape[1])
        if outside.any():
            raise AnomalyError(
                f"{outside.sum()} spans lie outside of {shape[0]} meters and {shape[1]} days, the first of them on "
                f"meter {self.meters[outside][0]} before day {self.ends[outside][0]}.",
                "Number meters and days as in the scores, and cut what reaches beyond them.",
            )
