"""What the meters' table says of meters."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.errors import DatasetError
from metrify.readings.static_values import category_texts, require_classes, static_values

METERS = pd.DataFrame({"meter_id": ["a", "b", "c"], "tariff": ["Std", None, "ToU"], "rooms": [3.0, np.nan, 2.5]})


@given(st.lists(st.none() | st.integers(-(2**53), 2**53)))
def test_a_number_is_the_same_text_in_a_column_with_gaps(numbers: list[int | None]) -> None:
    expected = ["" if number is None else str(number) for number in numbers]
    assert category_texts(pd.Series(numbers, dtype="float64")).tolist() == expected
    assert category_texts(pd.Series(numbers, dtype="Int64")).tolist() == expected


@given(st.lists(st.none() | st.text()))
def test_texts_stay_without_the_space_around_them(texts: list[str | None]) -> None:
    for kind in ("object", "category"):
        assert category_texts(pd.Series(texts, dtype=kind)).tolist() == [(text or "").strip() for text in texts]


def test_each_meter_has_its_values_and_a_stranger_none() -> None:
    found = static_values("ours", METERS, ("rooms", "tariff"), ["c", "x", "a", "b"])
    assert {name: values.tolist() for name, values in found.items()} == {
        "rooms": ["2.5", "", "3", ""],
        "tariff": ["ToU", "", "Std", ""],
    }


def test_a_lacking_column_is_named_with_those_that_there_are() -> None:
    with pytest.raises(DatasetError, match=r"'ours' have no column dwelling, .* they have tariff, rooms\.") as raised:
        static_values("ours", METERS, ("tariff", "dwelling"), ["a"])
    assert "--meter-column dwelling" in raised.value.mend


def test_a_meter_that_is_listed_twice_is_named() -> None:
    with pytest.raises(DatasetError, match="'ours' list b twice"):
        static_values("ours", pd.concat([METERS, METERS[1:2]]), ("tariff",), ["a"])


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (["", "", ""], "says nothing of any accepted meter of 'ours'"),
        (["a", "b", "c", "a", "b", ""], "has 3 values for 5 meters, so it tells meters and not their classes"),
    ],
)
def test_a_column_that_tells_no_classes_is_refused(values: list[str], problem: str) -> None:
    with pytest.raises(DatasetError, match=problem):
        require_classes("ours", {"column": np.array(values, object)})


def test_classes_of_two_meters_and_unknown_ones_are_good_enough() -> None:
    require_classes("ours", {"column": np.array(["a", "a", "b", "", "b", ""], object)})
