from pathlib import Path

import pytest

from metrify import get_mlflow_manager
from metrify.config import Home
from metrify.errors import BundleError, TrackingError


def test_bundles_are_registered_listed_and_found(home: Home) -> None:
    bundles = home.bundles / "load-forecaster"
    manager = get_mlflow_manager()
    assert manager.register_bundle(bundles / "gru-one") == 1
    assert manager.register_bundle(bundles / "gru-two") == 2
    versions = manager.list_versions()
    assert [(item.number, item.version, item.is_candidate) for item in versions] == [
        (2, "gru-two", True),
        (1, "gru-one", False),
    ]
    assert versions[0].tags["code_version"] == "test"
    assert manager.register_bundle(bundles / "gru-one") == 1  # it is known: only the alias moves
    assert manager.get_candidate().version == "gru-one"


def test_an_empty_registry_is_looked_at_and_not_made(metrify_home: Path) -> None:
    assert get_mlflow_manager().list_versions() == []
    with pytest.raises(TrackingError, match="no candidate") as raised:
        get_mlflow_manager().get_candidate()
    assert "metrify train" in raised.value.mend
    assert not metrify_home.exists()


def test_a_bundle_that_was_changed_is_not_registered(home: Home) -> None:
    bundle = home.bundles / "load-forecaster" / "gru-one"
    (bundle / "thresholds.json").write_text("{}")
    with pytest.raises(BundleError):
        get_mlflow_manager().register_bundle(bundle)
    assert get_mlflow_manager().list_versions() == []
