"""What all tests share: a Metrify home of their own, one pseudonym key where it matters, and sturdy property tests."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from metrify.config import Home
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE

# A deadline would make a test fail because the machine is busy.
settings.register_profile("metrify", deadline=None, derandomize=True)
settings.load_profile("metrify")


@pytest.fixture(autouse=True)
def metrify_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh home, so that no test reads or writes the user's."""
    home = tmp_path / "metrify-home"
    monkeypatch.setenv("METRIFY_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def with_known_pseudonyms() -> Callable[[Home], Home]:
    """Gives a home the same pseudonym key in every run.

    The pseudonyms decide which meters a model trains on. With a key of its own, each run would test another model, and
    one in some would be a poor one.
    """

    def prepare(home: Home) -> Home:
        home.keys.mkdir(parents=True)
        (home.keys / PSEUDONYM_KEY_FILE).write_text(hashlib.sha256(b"key of the tests").hexdigest())
        return home

    return prepare


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    """Waits until a condition holds; fails when it does not within some seconds."""

    def wait(holds: Callable[[], bool], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"not within {seconds:g} s"
            time.sleep(0.05)

    return wait
