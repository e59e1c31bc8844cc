"""Tells in one sentence where a table breaks its contract."""

from pandera.errors import SchemaErrors

_OF_THE_TABLE = {"column_in_dataframe": "is missing", "column_in_schema": "does not belong here"}


def broken_places(error: SchemaErrors) -> str:
    """How many places break it, and each column with what is wrong with it.

    Example: `2 place(s): timestamp: not_nullable; voltage_pu: in_range(0, 2)`.
    """
    cases = error.failure_cases
    reasons = {
        f"{case.failure_case}: {_OF_THE_TABLE[case.check]}"
        if case.check in _OF_THE_TABLE
        else f"{case.column or 'rows'}: {case.check}"
        for case in cases.itertuples()
    }
    return f"{len(cases)} place(s): {'; '.join(sorted(reasons))}"
