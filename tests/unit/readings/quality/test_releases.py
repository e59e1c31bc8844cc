from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandera.errors import SchemaError

from metrify.errors import DatasetError
from metrify.readings.quality.faults import Fault
from metrify.readings.quality.releases import RELEASES_FILE, forgive_released, read_releases, write_releases

HOUR = pd.Timedelta(hours=1)
START = pd.Timestamp("2024-01-01", tz="UTC")


def releases_of(*rows: tuple[str, int, int, str], because: str = "seen by the field crew") -> pd.DataFrame:
    """Rows of meter, first hour, last hour and reason."""
    frame = pd.DataFrame(
        [(meter, START + first * HOUR, START + last * HOUR, reason) for meter, first, last, reason in rows],
        columns=["meter_id", "first", "last", "reason"],
    )
    return frame.assign(released_at=START, because=because)


def test_releases_are_read_as_they_were_written(tmp_path: Path) -> None:
    releases = releases_of(("m0", 1, 2, "spike"), ("m1", 0, 9, ""))
    write_releases(tmp_path / "new", releases)
    read = read_releases(tmp_path / "new")
    pd.testing.assert_frame_equal(read, releases, check_dtype=False)
    assert [path.name for path in (tmp_path / "new").iterdir()] == [RELEASES_FILE]


def test_without_a_file_nothing_is_released(tmp_path: Path) -> None:
    assert len(read_releases(tmp_path)) == 0
    write_releases(tmp_path, pd.concat([read_releases(tmp_path), releases_of(("m0", 1, 2, ""))]))
    assert len(read_releases(tmp_path)) == 1


def test_a_release_says_why(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="because"):
        write_releases(tmp_path, releases_of(("m0", 1, 2, ""), because=""))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"no parquet", None])
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / RELEASES_FILE
    if content:
        path.write_bytes(content)
    else:
        releases_of(("m0", 1, 2, "")).drop(columns="because").to_parquet(path)
    with pytest.raises(DatasetError, match=RELEASES_FILE) as raised:
        read_releases(tmp_path)
    assert raised.value.mend


def test_a_release_forgives_its_meter_from_the_first_to_the_last_hour(make_matrix) -> None:
    matrix = make_matrix([0.5] * 6, [0.5] * 6)
    faults = np.full((2, 6), Fault.STUCK, dtype=np.uint16)
    left = forgive_released(faults, matrix, releases_of(("m1", 2, 4, ""), ("m9", 0, 5, "")))
    stuck = int(Fault.STUCK)
    assert left.tolist() == [[stuck] * 6, [stuck, stuck, 0, 0, 0, stuck]]
    assert (faults == stuck).all()


def test_a_release_with_a_reason_forgives_that_one_alone(make_matrix) -> None:
    faults = np.array([[Fault.SPIKE | Fault.JUMP, Fault.NEGATIVE]], dtype=np.uint16)
    left = forgive_released(faults, make_matrix([5, -1]), releases_of(("m0", 0, 1, "spike")))
    assert left.tolist() == [[Fault.JUMP, Fault.NEGATIVE]]


def test_releases_outside_the_readings_change_nothing(make_matrix) -> None:
    faults = np.full((1, 3), Fault.STUCK, dtype=np.uint16)
    left = forgive_released(faults, make_matrix([1] * 3), releases_of(("m0", -5, -1, ""), ("m0", 3, 9, "")))
    assert (left == faults).all()
