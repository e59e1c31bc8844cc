"""What Feast writes to Redis, our reader reads."""

import numpy as np
import pytest

from metrify.adapters.feature_answer import FeatureAnswer
from metrify.adapters.feature_layout import registered_layout
from metrify.errors import UsageError

from .typed_store import CELLS, ROWS, Asker


def column(answer: FeatureAnswer, name: str) -> list:
    reference = f"cells:{name}"
    if reference in answer.objects:
        return answer.objects[reference]
    return answer.numbers[:, answer.features.index(reference)].tolist()


def test_every_value_is_the_one_that_feast_reads(ask: Asker) -> None:
    meters = ["m_b", "m_a"]
    answer = ask(meters)
    theirs = ask.store.get_online_features(CELLS, [{"meter_id": meter} for meter in meters]).to_dict()
    for name in ("small", "large", "count", "level", "name", "flag", "names"):
        assert column(answer, name) == theirs[name] == [pytest.approx(ROWS[meter][name]) for meter in meters]
    for ours, expected in zip(column(answer, "window"), theirs["window"], strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_array_equal(ours, np.array(expected, np.float32))
    assert not answer.problems
    assert answer.require_fresh() is answer
    assert (answer.age_seconds == 0).all()


def test_nulls_and_unknown_entities_are_missing_and_never_0(ask: Asker) -> None:
    answer = ask(["m_null", "m_unknown"])
    nulls = [f"cells:{name}" for name, value in ROWS["m_null"].items() if value is None]
    assert answer.problems == {"m_null": dict.fromkeys(nulls, "missing"), "m_unknown": dict.fromkeys(CELLS, "missing")}
    assert np.isnan(answer.numbers[1]).all()
    assert all(values[1] is None for values in answer.objects.values())
    assert column(answer, "count")[0] == 5


def test_rows_come_in_the_order_they_were_asked_for(ask: Asker) -> None:
    meters = ["m_b", "m_unknown", "m_a", "m_b", "m_a"]
    answer = ask(meters)
    assert answer.entities == tuple(meters)
    assert column(answer, "name") == ["", None, "Süd", "", "Süd"]


def test_no_entity_is_no_row(ask: Asker) -> None:
    answer = ask([])
    assert answer.numbers.shape == (0, len(CELLS))
    assert not answer.problems


@pytest.mark.parametrize(
    ("features", "problem"),
    [
        (["cells:nothing"], "cells:nothing is not registered"),
        (["nothing:small"], "nothing:small is not registered"),
        (["cells:small", "grid:loading"], "not of one entity"),
    ],
)
def test_a_layout_of_what_is_not_there_is_refused(ask: Asker, features: list[str], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        registered_layout(ask.store, features)
