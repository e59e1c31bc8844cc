import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from metrify.config.schema import QualityConfig
from metrify.readings.matrix import ReadingsMatrix
from metrify.readings.quality.detect import detect_faults, run_lengths
from metrify.readings.quality.faults import Fault

NAN = float("nan")
CONFIG = QualityConfig(flat_line_hours=3, stuck_hours=5, zero_run_hours=4, missing_zero_hours=2)
WIGGLE = [0.1, 0.2, 0.1, 0.2]


def test_run_lengths_are_those_of_unbroken_runs() -> None:
    kwh = np.array([[1, 1, 2, NAN, NAN, 2, 2, 2], [2, 1, 1, 1, 1, 1, 1, 0]], dtype=np.float32)
    assert run_lengths(kwh).tolist() == [[2, 2, 1, 1, 1, 3, 3, 3], [1, 6, 6, 6, 6, 6, 6, 1]]


def test_negative_readings(make_matrix) -> None:
    faults = detect_faults(make_matrix([0.1, -0.001, 0.2, NAN]), CONFIG)
    assert faults.dtype == np.uint16
    assert faults.tolist() == [[0, Fault.NEGATIVE, 0, 0]]


@pytest.mark.parametrize(("minutes", "limit_kwh"), [(60, 4.0), (30, 2.0), (15, 1.0)])
def test_impossible_is_above_the_power_of_the_connection(make_matrix, minutes: int, limit_kwh: float) -> None:
    matrix = make_matrix([0.1, limit_kwh, limit_kwh + 0.01, 0.2], minutes=minutes)
    found = detect_faults(matrix, CONFIG.model_copy(update={"max_kw": 4.0})) & Fault.IMPOSSIBLE
    assert (found > 0).tolist() == [[False, False, True, False]]
    assert not (detect_faults(matrix, CONFIG) & Fault.IMPOSSIBLE).any()


@pytest.mark.parametrize("minutes", [60, 30, 15])
@pytest.mark.parametrize(
    ("hours", "fault"), [(2, 0), (3, Fault.FLAT_LINE), (4, Fault.FLAT_LINE), (5, Fault.STUCK), (9, Fault.STUCK)]
)
def test_a_flat_line_is_judged_by_its_length_in_hours(make_matrix, minutes: int, hours: int, fault: int) -> None:
    flat = [0.3] * (hours * 60 // minutes)
    faults = detect_faults(make_matrix(WIGGLE + flat + WIGGLE, minutes=minutes), CONFIG)
    assert faults.tolist() == [[0] * 4 + [fault] * len(flat) + [0] * 4]


def test_one_interval_less_is_not_long_enough(make_matrix) -> None:
    assert not detect_faults(make_matrix(WIGGLE + [0.3] * 11 + WIGGLE, minutes=15), CONFIG).any()
    assert detect_faults(make_matrix(WIGGLE + [0.3] * 12 + WIGGLE, minutes=15), CONFIG).any()


def test_a_gap_ends_a_flat_line(make_matrix) -> None:
    assert not detect_faults(make_matrix([*WIGGLE, 0.3, 0.3, NAN, 0.3, 0.3, *WIGGLE]), CONFIG).any()


@pytest.mark.parametrize(
    ("hours", "zeros_are_missing", "fault"),
    [
        (1, True, 0),
        (2, True, Fault.MISSING_ZERO),
        (9, True, Fault.MISSING_ZERO),
        (3, False, 0),
        (4, False, Fault.ZERO_RUN),
        (9, False, Fault.ZERO_RUN),
    ],
)
def test_zeros(make_matrix, hours: int, zeros_are_missing: bool, fault: int) -> None:
    faults = detect_faults(make_matrix(WIGGLE + [0] * hours + WIGGLE), CONFIG, zeros_are_missing)
    assert faults.tolist() == [[0] * 4 + [fault] * hours + [0] * 4]


def test_what_is_no_load_makes_neither_spikes_nor_jumps(make_matrix) -> None:
    large = [100, 101, 99] * 20
    row = [*large, *[0] * 3, *large, -100, *large, *[7] * 5, *large]
    faults = detect_faults(make_matrix(row), CONFIG.model_copy(update={"high_quantile": 0.9}), zeros_are_missing=True)
    assert not (faults & (Fault.SPIKE | Fault.JUMP)).any()
    assert (faults > 0).sum() == 3 + 1 + 5


def test_a_silent_meter_has_no_fault(make_matrix) -> None:
    assert not detect_faults(make_matrix([NAN] * 30, [0.1, 0.2] * 15), CONFIG).any()


readings = arrays(
    np.float32,
    st.tuples(st.integers(2, 4), st.integers(1, 60)),
    elements=st.sampled_from([NAN, -1.0, 0.0, 0.1, 0.2, 0.2, 0.3, 5.0, 50.0]),
)


@given(readings, st.booleans())
def test_a_meter_is_judged_by_itself_and_a_missing_reading_has_no_fault(kwh: np.ndarray, zeros: bool) -> None:
    def faults_of(rows: np.ndarray) -> np.ndarray:
        names = np.arange(len(rows)).astype(str).astype(object)
        return detect_faults(ReadingsMatrix(names, None, 60, rows), CONFIG, zeros)

    faults = faults_of(kwh)
    assert not faults[np.isnan(kwh)].any()
    np.testing.assert_array_equal(faults, np.concatenate([faults_of(row[None]) for row in kwh]))
    np.testing.assert_array_equal(faults[::-1], faults_of(kwh[::-1]))


@given(readings)
def test_flat_lines_and_zeros_are_those_of_a_plain_loop(kwh: np.ndarray) -> None:
    faults = detect_faults(ReadingsMatrix(np.arange(len(kwh)).astype(object), None, 60, kwh), CONFIG)
    for row, found in zip(kwh.tolist(), faults, strict=True):
        for column, value in enumerate(row):
            first = last = column
            while value == value and first > 0 and row[first - 1] == value:
                first -= 1
            while value == value and last + 1 < len(row) and row[last + 1] == value:
                last += 1
            hours = last - first + 1
            zero_run, flat, stuck = value == 0 and hours >= 4, value != 0 and 3 <= hours < 5, value != 0 and hours >= 5
            assert bool(found[column] & Fault.ZERO_RUN) == zero_run
            assert bool(found[column] & Fault.FLAT_LINE) == flat
            assert bool(found[column] & Fault.STUCK) == stuck
