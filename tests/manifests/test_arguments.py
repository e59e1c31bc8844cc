"""The containers' arguments, parsed by the servers' own parsers."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from inference_services.predictor import __main__ as predictor
from inference_services.transformer import __main__ as transformer
from inference_services.transformer.endpoints import cluster_endpoints
from inference_services.transformer.grid.forecaster import MeterForecaster

from .files import RUNTIME, SERVICES, Document, load

BUNDLE = Path("/mnt/models")  # where KServe puts what a storage URI names


class Parsed(Exception):  # noqa: N818 - it ends a server once its arguments are known
    """Carries the arguments."""


@pytest.fixture
def parse(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None], Sequence[str]], argparse.Namespace]:
    """Runs a server's `main` up to its arguments."""
    real = argparse.ArgumentParser.parse_args

    def parse_args(parser: argparse.ArgumentParser) -> None:
        raise Parsed(real(parser))

    def run(main: Callable[[], None], arguments: Sequence[str]) -> argparse.Namespace:
        monkeypatch.setattr(sys, "argv", ["server", *arguments])
        with monkeypatch.context() as patch, pytest.raises(Parsed) as caught:
            patch.setattr(argparse.ArgumentParser, "parse_args", parse_args)
            main()
        return caught.value.args[0]

    return run


def predictor_container() -> Document:
    return load(RUNTIME / "serving_runtime.yaml")["spec"]["containers"][0]


def service_of(folder: Path) -> Document:
    return load(folder / "inference_service.yaml")


def transformer_container(folder: Path) -> Document:
    return service_of(folder)["spec"]["transformer"]["containers"][0]


each_service = pytest.mark.parametrize("folder", SERVICES, ids=lambda folder: folder.name)


def environment(container: Document) -> dict[str, str]:
    return {item["name"]: item["value"] for item in container["env"] if "value" in item}


def test_the_services_differ_in_their_names_alone() -> None:
    """Overlays make them differ in size. What asks the forecaster also says where it is."""
    texts = []
    for folder in SERVICES:
        files = [folder / file for file in ("inference_service.yaml", "kustomization.yaml")]
        lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
        own = [line for line in lines if not line.startswith("#") and "--load_forecaster" not in line]
        texts.append([line.replace(folder.name, "NAME") for line in own])
    assert all(text == texts[0] for text in texts)


def test_the_predictors_arguments_parse(parse: Callable[..., argparse.Namespace]) -> None:
    container = predictor_container()
    assert container["command"] == ["python", "-m", "inference_services.predictor"]
    arguments = parse(predictor.main, [text.replace("{{.Name}}", "load-forecaster") for text in container["args"]])
    assert arguments.model_name == "load-forecaster"
    assert arguments.model_dir == BUNDLE
    assert [port["containerPort"] for port in container["ports"]] == [arguments.http_port, arguments.grpc_port]
    assert str(arguments.trusted_key.parent) in [mount["mountPath"] for mount in container["volumeMounts"]]


@each_service
def test_the_transformers_arguments_parse(folder: Path, parse: Callable[..., argparse.Namespace]) -> None:
    container = transformer_container(folder)
    assert container["command"] == ["python", "-m", "inference_services.transformer"]
    added = ["--predictor_host", f"{folder.name}-predictor.somewhere"]  # by KServe
    arguments = parse(transformer.main, [*container["args"], *added])
    assert arguments.model_name == service_of(folder)["metadata"]["name"] == folder.name
    assert arguments.model_dir == BUNDLE
    assert [port["containerPort"] for port in container["ports"]] == [arguments.http_port, arguments.grpc_port]
    mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
    read = [
        arguments.trusted_key,
        arguments.inference_service,
        Path(environment(container)["METRIFY_PSEUDONYM_KEY_FILE"]),
    ]
    assert all(str(path.parent) in mounts for path in read)
    assert f"{environment(container)['METRIFY_HOME']}/feature_store" in mounts


def test_the_controller_of_a_feeder_asks_the_forecasters_transformer(parse: Callable[..., argparse.Namespace]) -> None:
    asking = next(folder for folder in SERVICES if folder.name == "grid-optimizer")
    asked = next(folder for folder in SERVICES if folder.name == "load-forecaster")
    arguments = parse(transformer.main, transformer_container(asking)["args"])
    grpc_port = transformer_container(asked)["ports"][1]["containerPort"]
    assert arguments.load_forecaster == f"grpc://{asked.name}-transformer:{grpc_port}"
    MeterForecaster(arguments.load_forecaster, 1.0)


def test_the_transformer_calls_the_predictors_grpc_port() -> None:
    address = cluster_endpoints("load-forecaster")("control")
    assert address == f"load-forecaster-predictor:{predictor_container()['ports'][1]['containerPort']}"


@each_service
def test_the_transformer_reads_the_bundle_that_the_predictor_serves(folder: Path) -> None:
    predictor_uri = service_of(folder)["spec"]["predictor"]["model"]["storageUri"]
    assert environment(transformer_container(folder))["STORAGE_URI"] == predictor_uri


@pytest.mark.parametrize(
    "container",
    [predictor_container(), *map(transformer_container, SERVICES)],
    ids=["predictor", *(folder.name for folder in SERVICES)],
)
def test_a_container_is_reached_from_outside_and_has_no_rights(container: Document) -> None:
    assert environment(container)["METRIFY_BIND_HOST"] == "0.0.0.0"
    security = container["securityContext"]
    assert security["runAsNonRoot"]
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert container["readinessProbe"]["httpGet"]["path"].endswith("/ready")
    assert container["readinessProbe"]["httpGet"]["port"] == container["ports"][0]["containerPort"]


@each_service
def test_both_have_requests_and_limits(folder: Path) -> None:
    spec = service_of(folder)["spec"]
    for resources in (spec["predictor"]["model"]["resources"], spec["transformer"]["containers"][0]["resources"]):
        assert set(resources) == {"requests", "limits"}
        assert set(resources["requests"]) == set(resources["limits"]) == {"cpu", "memory"}
