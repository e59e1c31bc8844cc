"""The linear program of a pooled plan, built once for a number of blocks and solved from its last solution on.

`LinearProgram` takes constraints of any form; this one has always the same, so that only its numbers are written anew,
and a plan that is made again a quarter of an hour later takes some ten iterations instead of some hundred.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from metrify.errors import GridError
from metrify.grid.quiet_solver import new_solver

Entry = tuple[str, str, int]  # row, variable, and by how many blocks that comes before the row's


class PatternProgram:
    """A linear program over blocks: in every row of a kind, the same variables of the same block or the one before.

    Args:
        blocks: How many there are.
        variables: Names; of each there is one in each block.
        single: Names of variables of which there is one for all blocks.
        entries: Which variables occur in which kinds of rows.
    """

    def __init__(self, blocks: int, variables: Sequence[str], single: Sequence[str], entries: Sequence[Entry]) -> None:
        import highspy  # takes a tenth of a second

        self.blocks = blocks
        numbers = np.arange(blocks)
        self._variables = {name: place * blocks + numbers for place, name in enumerate(variables)}
        own = len(variables) * blocks
        self._variables |= {name: np.full(blocks, own + place) for place, name in enumerate(single)}
        self._columns = own + len(single)
        kinds = list(dict.fromkeys(row for row, _, _ in entries))
        self._row_kinds = {name: place * blocks + numbers for place, name in enumerate(kinds)}
        self._rows = len(kinds) * blocks
        parts = [
            (self._row_kinds[row][lag:], self._variables[name][: blocks - lag] if lag else self._variables[name])
            for row, name, lag in entries
        ]
        row, column = (np.concatenate([part[place] for part in parts]) for place in (0, 1))
        edges = np.cumsum([0, *(len(part[0]) for part in parts)])
        self._slots = {entry: slice(*edges[place : place + 2]) for place, entry in enumerate(entries)}
        self._order = np.lexsort((row, column))
        self._index = row[self._order].astype(np.int32)
        self._start = np.searchsorted(column[self._order], np.arange(self._columns + 1)).astype(np.int32)
        self._values = np.empty(len(row))
        self._highs, self._solver = highspy, new_solver()
        for option, value in (("presolve", "off"), ("solver", "simplex")):
            self._solver.setOptionValue(option, value)
        self._basis: Any = None

    def solve(
        self,
        factors: Mapping[Entry, np.ndarray | float],
        costs: Mapping[str, np.ndarray | float],
        bounds: Mapping[str, tuple[np.ndarray | float, np.ndarray | float]],
        rows: Mapping[str, tuple[np.ndarray | float, np.ndarray | float]],
        what: str,
    ) -> dict[str, np.ndarray]:
        """The values of the variables at the least cost, `[N]` each.

        Args:
            factors: Of each entry, `[N]` (of those that look back, `[N - 1]`) or one for all blocks.
            costs: Of each variable's unit; 0 where there is none.
            bounds: Lowest and highest value of each variable; 0 and none where there are none.
            rows: Lowest and highest value of each kind of row.
            what: Is being planned, for the error.

        Raises:
            GridError: There is no solution within the bounds.
        """
        infinity = self._highs.kHighsInf
        for entry, factor in factors.items():
            self._values[self._slots[entry]] = factor
        cost, lower, upper = np.zeros(self._columns), np.zeros(self._columns), np.full(self._columns, infinity)
        for name, value in costs.items():
            cost[self._variables[name]] = value
        for name, (least, most) in bounds.items():
            lower[self._variables[name]], upper[self._variables[name]] = least, most
        row_lower, row_upper = np.empty(self._rows), np.empty(self._rows)
        for name, (least, most) in rows.items():
            row_lower[self._row_kinds[name]], row_upper[self._row_kinds[name]] = least, most
        problem = self._highs.HighsLp()
        problem.num_col_, problem.num_row_ = self._columns, self._rows
        problem.col_cost_, problem.col_lower_, problem.col_upper_ = cost, lower, np.minimum(upper, infinity)
        problem.row_lower_ = np.maximum(row_lower, -infinity)
        problem.row_upper_ = np.minimum(row_upper, infinity)
        matrix = problem.a_matrix_
        matrix.format_ = self._highs.MatrixFormat.kColwise
        matrix.start_, matrix.index_, matrix.value_ = self._start, self._index, self._values[self._order]
        self._solver.passModel(problem)
        if self._basis is not None:
            self._solver.setBasis(self._basis)
        self._solver.run()
        status = self._solver.getModelStatus()
        if status != self._highs.HighsModelStatus.kOptimal:
            self._basis = None
            raise GridError(
                f"{what} can't be planned: {self._solver.modelStatusToString(status).lower()}.",
                "Check the bounds: what batteries hold at the beginning, and ratings and capacities.",
            )
        self._basis = self._solver.getBasis()
        found = np.asarray(self._solver.getSolution().col_value)
        return {name: found[numbers] for name, numbers in self._variables.items()}
