import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrify.privacy.pseudonyms import is_pseudonym, load_or_create_key, pseudonymise, pseudonyms_of

PROCESSES = 4
KEYS_IN_TURN = 20

meter_numbers = st.text(min_size=1, max_size=40)
keys = st.binary(min_size=32, max_size=32)


def load_many(folder: Path) -> list[bytes]:
    return [load_or_create_key(folder / f"{index}.key") for index in range(KEYS_IN_TURN)]


def test_a_key_stays_the_same(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "pseudonym.key"
    key = load_or_create_key(path)
    assert len(key) == 32
    assert load_or_create_key(path) == key


def test_two_homes_have_two_keys(tmp_path: Path) -> None:
    assert load_or_create_key(tmp_path / "a" / "key") != load_or_create_key(tmp_path / "b" / "key")


def test_a_key_is_for_its_owner_alone_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "pseudonym.key"
    load_or_create_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_start_together_get_the_same_keys(tmp_path: Path) -> None:
    # A fresh interpreter a process: nothing is inherited, as between a pipeline step and a server.
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        answers = list(pool.map(load_many, [tmp_path / "keys"] * PROCESSES))
    assert all(answer == answers[0] for answer in answers)
    assert len(set(answers[0])) == KEYS_IN_TURN
    assert len(list((tmp_path / "keys").iterdir())) == KEYS_IN_TURN


def test_a_pseudonym_never_changes() -> None:
    # Written down, because every stored reading and every served meter name depends on it.
    assert pseudonymise("1012345678901", b"key") == "m_16695b2bf1c9adeb5225194e"


@given(meter_numbers, keys)
def test_a_pseudonym_has_its_form_and_hides_the_number(number: str, key: bytes) -> None:
    pseudonym = pseudonymise(number, key)
    assert is_pseudonym(pseudonym)
    assert pseudonym == pseudonymise(number, key)
    assert pseudonym != number


@given(meter_numbers, keys, keys)
def test_a_pseudonym_differs_by_key(number: str, one: bytes, other: bytes) -> None:
    assert (pseudonymise(number, one) == pseudonymise(number, other)) == (one == other)


@given(st.sets(meter_numbers, max_size=50), keys)
def test_no_two_meters_share_a_pseudonym(numbers: set[str], key: bytes) -> None:
    pseudonyms = pseudonyms_of(numbers, key)
    assert pseudonyms.keys() == numbers
    assert len(set(pseudonyms.values())) == len(numbers)


@pytest.mark.parametrize(
    "meter_id",
    ["", "m_", "1012345678901", "m_" + "a" * 23, "m_" + "a" * 25, "m_" + "g" * 24, "m_" + "A" * 24, "a" * 24],
)
def test_what_is_no_pseudonym(meter_id: str) -> None:
    assert not is_pseudonym(meter_id)
