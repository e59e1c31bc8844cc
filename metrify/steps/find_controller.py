"""Finds the bundle of a feeder's controller: one that is named, or the one that is served."""

from pathlib import Path

from metrify.bundles.load import load_bundle
from metrify.bundles.manifest import OPTIMIZER_NAME
from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
from metrify.config import Home
from metrify.errors import UsageError
from metrify.experiments.assignment import assign
from metrify.grid.bundled_feeder import BundledFeeder, read_bundled_feeder
from metrify.steps.install_service import service_path
from metrify.steps.rollout import read_salt, read_split, served_bundles


def find_controller(feeder: str, home: Home, bundle: Path | None = None) -> BundledFeeder | None:
    """What a bundle says of a feeder; None where none is named, and none of this feeder is served.

    Args:
        feeder: Its name.
        home: Where services and the public key of the bundles' signer lie.
        bundle: Folder of a bundle; that of the variant of the installed service that the feeder belongs to without it.

    Raises:
        BundleError: The bundle is missing or changed, or no controller's.
        UsageError: The one that is named is that of another feeder.
    """
    if bundle is not None:
        found = _read(bundle, home)
        if found.name != feeder:
            raise UsageError(f"The bundle {bundle} controls {found.name}, and not {feeder}.", "Name another one.")
        return found
    service = service_path(home, OPTIMIZER_NAME)
    if not service.is_file():
        return None
    (variant,) = assign([feeder], read_salt(service), read_split(service))
    found = _read(served_bundles(service)[variant], home)
    return found if found.name == feeder else None


def _read(bundle: Path, home: Home) -> BundledFeeder:
    return read_bundled_feeder(load_bundle(bundle, load_public_key(home.keys / PUBLIC_KEY_FILE)))
