from pathlib import Path

import pytest

from metrify.config import Home


def test_the_home_is_the_one_that_the_environment_names(metrify_home: Path) -> None:
    assert Home.from_environment().root == metrify_home


def test_without_a_name_the_home_is_in_the_working_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("METRIFY_HOME")
    monkeypatch.chdir(tmp_path)
    assert Home.from_environment().root == tmp_path / ".metrify"


def test_naming_folders_creates_none(metrify_home: Path) -> None:
    home = Home.from_environment()
    folders = [home.datasets, home.keys, home.feature_store, home.bundles, home.services, home.step_cache, home.runs]
    assert len(set(folders)) == len(folders)
    assert all(folder.parent == home.root for folder in folders)
    assert not metrify_home.exists()


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        ("sqlite:///mlflow.db", "sqlite:////srv/metrify/mlflow.db"),
        ("sqlite:////data/mlflow.db", "sqlite:////data/mlflow.db"),
        ("http://mlflow:5000", "http://mlflow:5000"),
    ],
)
def test_a_relative_tracking_file_lies_in_the_home(configured: str, expected: str) -> None:
    assert Home(Path("/srv/metrify")).tracking_uri(configured) == expected
