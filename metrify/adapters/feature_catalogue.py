"""What the feature repository declares and what of it Feast has registered."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from metrify.adapters.feast_import import import_feast
from metrify.adapters.feature_repository import declared_items, open_store
from metrify.config import Home
from metrify.errors import FeatureStoreError

if TYPE_CHECKING:
    from feast import FeatureService, FeatureView, OnDemandFeatureView


@dataclass(frozen=True)
class CatalogueView:
    """A feature view.

    Attributes:
        name: Its name.
        entity: What its values are of; empty for a view that is computed on demand.
        features: Names of its values.
        time_to_live: For how long a value counts; None for a view that is computed on demand.
        push_source: What takes pushes to it; empty where nothing does.
        owner: Who answers for it.
        description: What it is.
        registered: Whether Feast knows it; otherwise it is declared alone.
    """

    name: str
    entity: str
    features: tuple[str, ...]
    time_to_live: timedelta | None
    push_source: str
    owner: str
    description: str
    registered: bool


@dataclass(frozen=True)
class CatalogueService:
    """A feature service: what a model reads.

    Attributes:
        name: Its name.
        views: Names of the views that it reads.
        owner: Who answers for it.
        description: What it is.
        registered: Whether Feast knows it; otherwise it is declared alone.
    """

    name: str
    views: tuple[str, ...]
    owner: str
    description: str
    registered: bool


@dataclass(frozen=True)
class Catalogue:
    """Views and services, sorted by name."""

    views: tuple[CatalogueView, ...]
    services: tuple[CatalogueService, ...]


def read_catalogue(home: Home) -> Catalogue:
    """Everything that is registered in a home, and what the repository declares beside it.

    Raises:
        ConfigError: METRIFY_REDIS_URL is no Redis address.
    """
    feast = import_feast()
    declared = [item for item in declared_items(home) if not isinstance(item, feast.Entity)]
    registered = _registered(home)
    known = {(type(item), item.name) for item in registered}
    items = {(type(item), item.name): item for item in (*declared, *registered)}  # as Feast knows it, where it does
    views, services = [], []
    for key, item in sorted(items.items(), key=lambda pair: pair[1].name):
        if isinstance(item, feast.FeatureService):
            services.append(_as_service(item, key in known))
        else:
            views.append(_as_view(item, key in known))
    return Catalogue(tuple(views), tuple(services))


def time_to_live(home: Home, view: str) -> timedelta:
    """For how long a value of a registered view counts.

    Raises:
        FeatureStoreError: No feature was registered yet.
    """
    return open_store(home).get_feature_view(view).ttl


def _registered(home: Home) -> "list[FeatureView | OnDemandFeatureView | FeatureService]":
    try:
        store = open_store(home)
    except FeatureStoreError:  # nothing was registered there yet
        return []
    return [*store.list_feature_views(), *store.list_on_demand_feature_views(), *store.list_feature_services()]


def _as_view(view: "FeatureView | OnDemandFeatureView", registered: bool) -> CatalogueView:
    push_source = getattr(view, "stream_source", None)
    return CatalogueView(
        name=view.name,
        entity=", ".join(entity for entity in getattr(view, "entities", []) if not entity.startswith("__")),
        features=tuple(field.name for field in view.features),
        time_to_live=getattr(view, "ttl", None),
        push_source=push_source.name if push_source else "",
        owner=view.owner,
        description=view.description,
        registered=registered,
    )


def _as_service(service: "FeatureService", registered: bool) -> CatalogueService:
    # An applied service names its views by projections; one that is only declared has them already, too.
    views = tuple(projection.name for projection in service.feature_view_projections)
    return CatalogueService(service.name, views, service.owner, service.description, registered)
