"""What there is to know of a feature: what it is, where it is stored, and who uses it."""

import inspect
from dataclasses import dataclass

from pydantic import ValidationError

from metrify.adapters.feature_catalogue import CatalogueView, read_catalogue
from metrify.bundles.manifest import MANIFEST_FILE, BundleManifest
from metrify.config import Home
from metrify.features.load_statistics import History
from metrify.features.specification import Feature, specification_hash
from metrify.steps.find_feature import find_feature, is_stored

_VIEWS_BEGIN_WITH = {"readings": "meter_load"}  # the views of all other inputs begin with the input's name
_SECTIONS = ("Args:", "Attributes:", "Returns:", "Raises:", "Example:")


@dataclass(frozen=True)
class FeatureDescription:
    """What there is to know of a feature.

    Attributes:
        feature: The feature of the specification.
        meaning: What it is, from its function's documentation.
        stored: Whether its values are stored; otherwise they are computed from the views when they are needed.
        views: The views that hold it, or what it is computed from.
        services: Names of the services that read all that it needs.
        bundles: Bundles of the home that were trained with it, `name/version`.
        unreadable: Bundles of the home whose manifest can't be read.
        specification_hash: Of this feature alone.
    """

    feature: Feature
    meaning: str
    stored: bool
    views: tuple[CatalogueView, ...]
    services: tuple[str, ...]
    bundles: tuple[str, ...]
    unreadable: tuple[str, ...]
    specification_hash: str


def describe_feature(name: str, home: Home) -> FeatureDescription:
    """Describes a feature by its name or label.

    Raises:
        UsageError: The specification has no such feature.
        ConfigError: METRIFY_REDIS_URL is no Redis address.
    """
    feature = find_feature(name)
    catalogue = read_catalogue(home)
    of_inputs = [
        {view.name for view in catalogue.views if view.name.startswith(_VIEWS_BEGIN_WITH.get(given, given))}
        for given in feature.inputs
    ]
    services = [
        service.name for service in catalogue.services if all(views & set(service.views) for views in of_inputs)
    ]
    bundles, unreadable = _find_bundles(feature, home)
    return FeatureDescription(
        feature=feature,
        meaning=_meaning(feature),
        stored=is_stored(feature),
        views=tuple(view for view in catalogue.views if view.name in set().union(*of_inputs)),
        services=tuple(services),
        bundles=bundles,
        unreadable=unreadable,
        specification_hash=specification_hash([feature]),
    )


def _meaning(feature: Feature) -> str:
    """The documentation of the function, or of what computes it, without the sections on arguments."""
    source = getattr(feature.function, "source", feature.function)
    described = source if inspect.isfunction(source) else type(source)
    lines = (inspect.getdoc(described) or "").splitlines()
    end = next((place for place, line in enumerate(lines) if line.strip() in _SECTIONS), len(lines))
    meaning = "\n".join(lines[:end]).strip()
    return meaning.replace("`hours`", f"{source.hours} hours") if isinstance(source, History) else meaning


def _find_bundles(feature: Feature, home: Home) -> tuple[tuple[str, ...], tuple[str, ...]]:
    using, unreadable = [], []
    for path in sorted(home.bundles.glob(f"*/*/{MANIFEST_FILE}")):
        name = f"{path.parent.parent.name}/{path.parent.name}"
        try:
            manifest = BundleManifest.model_validate_json(path.read_text(encoding="utf-8"))
        except ValidationError:
            unreadable.append(name)
            continue
        if feature.label in manifest.features:
            using.append(name)
    return tuple(using), tuple(unreadable)
