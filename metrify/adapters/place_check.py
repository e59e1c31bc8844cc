"""Whether a feature store holds what a bundle reads."""

from metrify.adapters.materialised_readings import StoredPlace
from metrify.bundles.manifest import BundleManifest
from metrify.errors import BundleError


def require_same_place(manifest: BundleManifest, place: StoredPlace) -> None:
    """Checks resolution, time zone and country: windows of other intervals would be read as another load.

    Args:
        manifest: Of the bundle.
        place: Of the store.

    Raises:
        BundleError: They differ.
    """
    reads = (manifest.resolution_minutes, manifest.timezone, manifest.country)
    if reads != (place.resolution_minutes, place.timezone, place.country):
        raise BundleError(
            f"The bundle reads intervals of {manifest.resolution_minutes} minutes in {manifest.timezone} "
            f"({manifest.country}), and the store holds {place.resolution_minutes} minutes in {place.timezone} "
            f"({place.country}).",
            f"Train it with {place.dataset}, or choose a bundle that was (`metrify rollout status --service "
            f"{manifest.name}` lists them, `metrify rollout promote VERSION` serves one).",
        )


def require_whole_windows(manifest: BundleManifest, place: StoredPlace) -> None:
    """Checks that a store keeps as many intervals as a bundle reads, which then needs no others in their place.

    Args:
        manifest: Of a bundle whose windows nobody completes.
        place: Of the store.

    Raises:
        BundleError: It keeps fewer.
    """
    if place.lookback < manifest.sequence_length:
        raise BundleError(
            f"The bundle reads {manifest.sequence_length} intervals, and the store keeps {place.lookback}.",
            "Raise feature_engineering.lookback_window and fill the store again.",
        )
