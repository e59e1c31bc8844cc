"""What all tests share: a Metrify home of their own and sturdy property tests."""

from pathlib import Path

import pytest
from hypothesis import settings

# A deadline would make a test fail because the machine is busy.
settings.register_profile("metrify", deadline=None, derandomize=True)
settings.load_profile("metrify")


@pytest.fixture(autouse=True)
def metrify_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh home, so that no test reads or writes the user's."""
    home = tmp_path / "metrify-home"
    monkeypatch.setenv("METRIFY_HOME", str(home))
    return home
