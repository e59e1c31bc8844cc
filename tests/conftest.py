"""What all tests share: a Metrify home of their own and sturdy property tests."""

from pathlib import Path

import pytest
from hypothesis import settings

# A deadline would make a test fail because the machine is busy.
settings.register_profile("metrify", deadline=None, derandomize=True)
settings.load_profile("metrify")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keeps tests that share costly fixtures on one worker: a file's, and all that look at the one demo."""
    for item in items:
        group = "e2e" if "e2e" in item.path.parts else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(autouse=True)
def metrify_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh home, so that no test reads or writes the user's."""
    home = tmp_path / "metrify-home"
    monkeypatch.setenv("METRIFY_HOME", str(home))
    return home
