"""Which meter a row is of, as a number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.errors import ConfigError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.meter_code import meter_code
from metrify.features.text_code import code_texts

CONTEXT = FeatureContext(24, 24, 60, "Europe/Berlin", "DE")


def batch_of(meters: np.ndarray | None) -> FeatureBatch:
    return FeatureBatch(np.zeros((2, 24), np.float32), np.zeros(2, "datetime64[s]"), CONTEXT, meter_ids=meters)


@given(st.lists(st.text(min_size=1), min_size=1, max_size=20, unique=True))
def test_a_code_is_a_whole_number_that_float32_holds_and_none_is_that_of_no_meter(meters: list[str]) -> None:
    codes = code_texts(meters)
    assert codes.dtype == np.float32
    assert ((codes >= 1) & (codes < 2**24) & (codes == np.floor(codes))).all()
    np.testing.assert_array_equal(codes[::-1], code_texts(meters[::-1]))  # whatever is beside it


def test_a_code_stays_the_same_for_ever() -> None:
    """Models that were trained know meters by it: another hash is another version of the feature."""
    assert code_texts(["m_1", "", "m_2"]).tolist() == [8553613, 0, 6966581]


def test_meters_hardly_ever_share_a_code() -> None:
    assert len(np.unique(code_texts([f"m_{number}" for number in range(5_000)]))) >= 4_997


def test_a_batch_that_does_not_tell_its_meters_has_no_code() -> None:
    assert len(np.unique(meter_code(batch_of(np.array(["m_1", "m_2"]))))) == 2
    with pytest.raises(ConfigError, match="needs to know the meters"):
        meter_code(batch_of(None))
    with pytest.raises(ConfigError, match=r"meters have shape \[1\]"):
        batch_of(np.array(["m_1"]))


def test_some_rows_of_a_batch_keep_their_meters() -> None:
    batch = batch_of(np.array(["m_1", "m_2"]))
    assert meter_code(batch.take([1])) == meter_code(batch)[1]
