"""What a dataset's meters table says of meters, such as their tariff: categories, as texts."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from metrify.errors import DatasetError


def category_texts(column: pd.Series) -> np.ndarray:
    """Values as texts, `[N]` str without space around them; empty where a cell is, and a whole number without a point.

    Example:
        >>> category_texts(pd.Series([3.0, None, " Std ", True])).tolist()
        ['3', '', 'Std', 'true']
    """
    codes, distinct = pd.factorize(column)
    return np.array([*map(_text, distinct), ""], dtype=object)[codes]  # the code of nothing is -1


def static_values(
    name: str, meters: pd.DataFrame, columns: Sequence[str], meter_ids: Sequence[str] | np.ndarray
) -> dict[str, np.ndarray]:
    """What is known of meters, `[M]` str by column; empty where nothing is.

    Args:
        name: Of the dataset, for the message.
        meters: `meter_id`, each once, and what is known of them.
        columns: Which of it.
        meter_ids: `[M]`.

    Raises:
        DatasetError: A column is lacking, or a meter is listed twice.
    """
    if not columns:
        return {}
    absent = [column for column in columns if column not in meters]
    if absent:
        there = ", ".join(str(column) for column in meters if column != "meter_id") or "none"
        raise DatasetError(
            f"The meters of {name!r} have no column {', '.join(absent)}, which `feature_engineering.static_columns` "
            f"names; they have {there}.",
            f"Import it with `--meters FILE --meter-column {absent[0]}`, or leave it out of the configuration.",
        )
    again = meters["meter_id"][meters["meter_id"].duplicated()]
    if len(again):
        raise DatasetError(f"The meters of {name!r} list {again.iloc[0]} twice.", "Keep one row of each meter.")
    rows = pd.Index(meters["meter_id"]).get_indexer(pd.Index(meter_ids))  # -1 of a meter that is not listed
    return {column: np.append(category_texts(meters[column]), "")[rows] for column in columns}


def require_classes(name: str, values: Mapping[str, np.ndarray]) -> None:
    """Checks that columns tell classes of meters.

    Where most values are of a single meter, a model would learn meters by them, and know nothing of a new one.

    Args:
        name: Of the dataset, for the message.
        values: `[M]` str of the meters to train on, by column.

    Raises:
        DatasetError: A column says nothing of any of them, or has more than half as many values as there are meters.
    """
    for column, texts in values.items():
        known = texts[texts != ""]
        distinct = len(np.unique(known.astype(str)))
        if not distinct:
            raise DatasetError(
                f"The column {column} says nothing of any accepted meter of {name!r}.",
                "Leave it out of `feature_engineering.static_columns`, or import it anew.",
            )
        if 2 * distinct > len(known):
            raise DatasetError(
                f"The column {column} of {name!r} has {distinct} values for {len(known)} meters, so it tells meters "
                "and not their classes.",
                "Join values into fewer classes, or leave it out of `feature_engineering.static_columns`; "
                "`include_meter` learns of single meters.",
            )


def _text(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
