"""`metrify doctor`: checks what Metrify stands on, and says what mends it."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from metrify.cli.output import print_json
from metrify.errors import FeatureStoreError, MetrifyError

if TYPE_CHECKING:
    from metrify.config import Home, MetrifyConfig

_PACKAGES = ("kfp", "kserve", "feast", "mlflow", "tensorflow", "onnxruntime", "alibi-detect", "pandas", "pyarrow")
_ASKED_METERS = 100


class Check(NamedTuple):
    """What was looked at, whether it is well, what was found, and what mends it (empty where it is well)."""

    name: str
    ok: bool
    found: str
    mend: str


def doctor(
    config: Annotated[Path | None, typer.Option(help="Configuration file; the default one without it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks as JSON.")] = False,
) -> None:
    """Check versions, dataset, model loading, feature and online store, A/B routing, tracking and ports."""
    from metrify.config import Home, load_config

    settings, home = load_config(config), Home.from_environment()
    checks = [
        _check("versions", _versions),
        _check("dataset", lambda: _dataset(home)),
        _check("model loading", lambda: _model_loading(home)),
        _check("feature store", lambda: _feature_store(home)),
        _check("online store", lambda: _online_store(home)),
        _check("models and store", lambda: _places(home)),
        _check("A/B routing", lambda: _routing(home)),
        _check("tracking", lambda: _tracking(home, settings)),
        _check("ports", lambda: _ports(settings)),
    ]
    if as_json:
        print_json({"home": str(home.root), "checks": [check._asdict() for check in checks]})
    else:
        for check in checks:
            mark = typer.style("ok  ", fg="green") if check.ok else typer.style("fail", fg="red")
            typer.echo(f"{mark}  {check.name:14} {check.found}")
            if check.mend:
                typer.echo(f"{'':20} -> {check.mend}")
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look(), "")
    except MetrifyError as error:
        return Check(name, False, error.problem, error.mend)


def _versions() -> str:
    from importlib.metadata import version

    return ", ".join(f"{name} {version(name)}" for name in _PACKAGES)


def _dataset(home: "Home") -> str:
    from metrify.cli.training_run import dataset_name
    from metrify.readings.sources import locate_source

    name = dataset_name()
    return f"{name} ({locate_source(name, home.public_folders(), home.datasets) or 'from its package'})"


def _model_loading(home: "Home") -> str:
    from metrify.bundles.load import load_bundle
    from metrify.bundles.onnx_graph import OnnxGraph
    from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
    from metrify.steps.install_service import require_services
    from metrify.steps.rollout import served_bundles

    services, found = require_services(home), []
    key = load_public_key(home.keys / PUBLIC_KEY_FILE)
    for variant, folder in (item for service in services for item in served_bundles(service).items()):
        bundle = load_bundle(folder, key)
        OnnxGraph(bundle.model_path)
        found.append(f"{variant}: {bundle.model_path}, ONNX, version {bundle.manifest.version}, signature verified")
    return "; ".join(found)


def _feature_store(home: "Home") -> str:
    import numpy as np

    from metrify.adapters.feature_store import OnlineWindowReader, stored_meters

    reader, meters = OnlineWindowReader(home), stored_meters(home)
    ends = reader.read(meters[:_ASKED_METERS]).ends
    known = ends[~np.isnat(ends)]
    if not len(known):
        raise FeatureStoreError("The online store answers, but knows none of the meters.", "Run `metrify train`.")
    return f"{home.feature_store}, {len(meters)} meters, newest window ends {known.max()}Z"


def _places(home: "Home") -> str:
    from metrify.adapters.materialised_readings import read_place
    from metrify.adapters.place_check import require_same_place
    from metrify.bundles.load import load_bundle
    from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
    from metrify.steps.install_service import require_services
    from metrify.steps.rollout import served_bundles

    place, key = read_place(home), load_public_key(home.keys / PUBLIC_KEY_FILE)
    for service in require_services(home):
        for folder in served_bundles(service).values():
            manifest = load_bundle(folder, key).manifest
            if manifest.features:  # a controller reads no windows: its steps are those of its feeder
                require_same_place(manifest, place)
    return f"all read {place.resolution_minutes} minutes in {place.timezone} ({place.country}), of {place.dataset}"


def _online_store(home: "Home") -> str:
    from metrify.steps.probe_online_store import probe_online_store

    answer = probe_online_store(home)
    return f"{answer.place}, answers in {answer.milliseconds:.1f} ms"


def _routing(home: "Home") -> str:
    from metrify.adapters.feature_store import stored_meters
    from metrify.experiments.assignment import CONTROL, assign
    from metrify.steps.install_service import require_services
    from metrify.steps.rollout import read_salt, read_split

    services, meters, found = require_services(home), stored_meters(home), []
    for service in services:
        split = read_split(service)
        variants = assign(meters, read_salt(service), split)
        shares = {CONTROL: 100 - sum(split.values()), **split}
        counts = ", ".join(f"{name} {share} % ({variants.count(name)} meters)" for name, share in shares.items())
        found.append(f"{service.name}: {counts}")
    return "; ".join(found)


def _tracking(home: "Home", settings: "MetrifyConfig") -> str:
    from metrify.adapters.registry import find_candidate
    from metrify.steps.install_service import require_services

    found = [find_candidate(home, settings, service.stem) for service in require_services(home)]
    told = [f"candidate {each.version}, registered as {each.name} {each.number}" for each in found]
    return "; ".join([settings.mlflow.tracking_uri, *told])


def _ports(settings: "MetrifyConfig") -> str:
    found = []
    for name, port in (("REST", settings.serving.port), ("gRPC", settings.serving.grpc_port)):
        with socket.socket() as probe:
            taken = port and probe.connect_ex((settings.serving.host, port)) == 0
        found.append(f"{name} {port} {'in use' if taken else 'free'}")
    return ", ".join(found)
