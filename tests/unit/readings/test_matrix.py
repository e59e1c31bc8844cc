import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.readings.matrix import to_matrix

RESOLUTIONS_MINUTES = [15, 30, 60]
START = pd.Timestamp("2024-03-30 22:00", tz="UTC")  # the clocks change in it

places = st.sets(st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 60)), min_size=1, max_size=40)


def readings_at(rows: list[tuple[str, int]], resolution_minutes: int) -> pd.DataFrame:
    steps = pd.to_timedelta([step * resolution_minutes for _, step in rows], unit="min")
    return pd.DataFrame(
        {
            "meter_id": [meter for meter, _ in rows],
            "timestamp": (START + steps).as_unit("us"),
            "kwh": np.arange(len(rows), dtype=np.float32),
        }
    )


@given(places, st.sampled_from(RESOLUTIONS_MINUTES), st.randoms())
def test_every_reading_is_found_again_and_no_other(cells: set[tuple[str, int]], minutes: int, draw) -> None:
    rows = sorted(cells)
    draw.shuffle(rows)
    readings = readings_at(rows, minutes)
    matrix = to_matrix(readings, minutes)
    found = pd.DataFrame(matrix.kwh, matrix.meter_ids, matrix.timestamps)
    for reading in readings.itertuples():
        assert found.loc[reading.meter_id, reading.timestamp] == reading.kwh
    assert np.isfinite(matrix.kwh).sum() == len(readings)


@given(places, st.sampled_from(RESOLUTIONS_MINUTES))
def test_the_axes_are_complete_and_in_order(cells: set[tuple[str, int]], minutes: int) -> None:
    readings = readings_at(sorted(cells), minutes)
    matrix = to_matrix(readings, minutes)
    assert matrix.meter_ids.tolist() == sorted({meter for meter, _ in cells})
    assert matrix.timestamps[0] == readings["timestamp"].min()
    assert matrix.timestamps[-1] == readings["timestamp"].max()
    assert len(matrix.timestamps) == matrix.kwh.shape[1]
    assert matrix.kwh.dtype == np.float32


def test_meters_that_start_late_or_stop_early_are_not_filled() -> None:
    matrix = to_matrix(readings_at([("late", 2), ("late", 3), ("early", 0), ("early", 1)], 60), 60)
    np.testing.assert_array_equal(matrix.kwh, [[2, 3, np.nan, np.nan], [np.nan, np.nan, 0, 1]])


@pytest.mark.parametrize("minutes", RESOLUTIONS_MINUTES)
def test_one_reading_makes_one_cell(minutes: int) -> None:
    assert to_matrix(readings_at([("a", 0)], minutes), minutes).kwh.tolist() == [[0.0]]
