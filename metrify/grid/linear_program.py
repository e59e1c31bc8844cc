"""Linear programs, put together from blocks of variables and solved by HiGHS.

Huangfu and Hall 2018, doi 10.1007/s12532-017-0130-5.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from metrify.errors import GridError
from metrify.grid.quiet_solver import new_solver

_INFINITY = 1e30  # what HiGHS takes for no bound

Term = tuple[np.ndarray, np.ndarray | float]


class LinearProgram:
    """Minimises the cost of variables within bounds and linear constraints.

    All variables are there before the first solution.
    """

    def __init__(self) -> None:
        self._cost: list[np.ndarray] = []
        self._lower: list[np.ndarray] = []
        self._upper: list[np.ndarray] = []
        self._rows: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._row_lower: list[np.ndarray] = []
        self._row_upper: list[np.ndarray] = []
        self._columns, self._count = 0, 0
        self._solver: Any = None

    @property
    def count(self) -> int:
        """How many variables there are."""
        return self._columns

    def variables(
        self,
        shape: tuple[int, ...],
        cost: np.ndarray | float = 0.0,
        lower: np.ndarray | float = 0.0,
        upper: np.ndarray | float = np.inf,
    ) -> np.ndarray:
        """Adds variables; returns their numbers, an array of the shape.

        Args:
            shape: Of the block.
            cost: Of each one's unit, like all arrays of the shape or one that broadcasts to it.
            lower: Bound.
            upper: Bound.
        """
        count = int(np.prod(shape))
        for kept, values in ((self._cost, cost), (self._lower, lower), (self._upper, upper)):
            kept.append(np.broadcast_to(np.asarray(values, float), shape).ravel())
        numbers = self._columns + np.arange(count).reshape(shape)
        self._columns += count
        return numbers

    def constrain(
        self, terms: Sequence[Term], lower: np.ndarray | float = -np.inf, upper: np.ndarray | float = np.inf
    ) -> None:
        """Adds R constraints on sums of terms.

        Args:
            terms: Numbers of variables `[R]` or `[R, k]` and their factors, which broadcast to them; what a row names
                several times adds up.
            lower: `[R]`, or one for all.
            upper: `[R]`, or one for all.
        """
        rows = len(terms[0][0])
        for numbers, factors in terms:
            places = np.broadcast_to(np.arange(rows).reshape(-1, *([1] * (numbers.ndim - 1))), numbers.shape)
            values = np.broadcast_to(np.asarray(factors, float), numbers.shape)
            self._rows.append((self._count + places.ravel(), numbers.ravel(), values.ravel()))
        for kept, bound in ((self._row_lower, lower), (self._row_upper, upper)):
            kept.append(np.broadcast_to(np.asarray(bound, float), (rows,)))
        self._count += rows

    def solve(self, what: str) -> np.ndarray:
        """The values of all variables at the least cost, by their numbers.

        Constraints may be added afterwards; the next solution begins at the last one.

        Args:
            what: Is being planned, for the error.

        Raises:
            GridError: There is no solution within the bounds, or the cost has no least value.
        """
        import highspy  # takes a tenth of a second

        matrix = self._matrix()
        if self._solver is None:
            self._solver = new_solver()
            lower, upper = (_bounds(parts) for parts in (self._lower, self._upper))
            none = np.empty(0, np.int32)
            cost, columns = np.concatenate(self._cost), self._columns
            self._solver.addCols(columns, cost, lower, upper, 0, np.zeros(columns, np.int32), none, np.empty(0))
        lower, upper = (_bounds(parts) for parts in (self._row_lower, self._row_upper))
        starts, numbers = matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32)
        self._solver.addRows(len(lower), lower, upper, matrix.nnz, starts, numbers, matrix.data)
        self._rows, self._row_lower, self._row_upper, self._count = [], [], [], 0
        self._solver.run()
        status = self._solver.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise GridError(
                f"{what} can't be planned: {self._solver.modelStatusToString(status).lower()}.",
                "Check the bounds: what batteries hold at the beginning, and ratings and capacities.",
            )
        return np.asarray(self._solver.getSolution().col_value)

    def _matrix(self) -> sparse.csr_matrix:
        """Of the constraints that the solver does not have yet."""
        rows, columns, values = (np.concatenate([part[place] for part in self._rows]) for place in range(3))
        return sparse.csr_matrix((values, (rows, columns)), shape=(self._count, self._columns))


def _bounds(parts: list[np.ndarray]) -> np.ndarray:
    return np.clip(np.concatenate(parts), -_INFINITY, _INFINITY)
