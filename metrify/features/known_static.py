"""What is known of the meter of each row beside its readings, and what is not at hand."""

from collections.abc import Mapping, Sequence

import numpy as np


def static_of_rows(
    records: Sequence[Mapping[str, str] | None], columns: tuple[str, ...]
) -> tuple[dict[str, np.ndarray], list[str]]:
    """What a model reads of the meters, and the faults by row; empty texts where there are none.

    A value of which the dataset itself says nothing is no fault: the model was trained with such meters.

    Args:
        records: `[N]` what the store holds of each meter; None where that is nothing.
        columns: What the model reads of it; perhaps nothing, and then there are neither values nor faults.

    Returns:
        `[N]` str by column, empty where nothing is known, and `[N]` texts such as `no tariff of the meter is at hand`.
    """
    known = [record or {} for record in records]
    values = {column: np.array([record.get(column, "") for record in known], dtype=object) for column in columns}
    absent = ([column for column in columns if column not in record] for record in known)
    return values, [f"no {' and no '.join(names)} of the meter is at hand" if names else "" for names in absent]
