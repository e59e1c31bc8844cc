"""Runs an InferenceService YAML as processes on this machine."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlparse

from inference_services.local.ports import ReservedPort, require_free
from inference_services.local.process import ServedProcess
from inference_services.manifest import ServiceManifest, read_manifest
from metrify.errors import ConfigError, ServiceError
from metrify.experiments.assignment import CONTROL

_LOOPBACK = "127.0.0.1"  # predictors are asked by the transformer alone
_ALL_INTERFACES = "0.0.0.0"
_POLL_SECONDS = 0.1
_SETTLE_SECONDS = 1.2  # the transformer looks for changed files twice a second


class LocalService:
    """A service of one transformer and one predictor a variant; a context manager.

    Args:
        manifest: The InferenceService YAML; bundles are `file://` URIs.
        log_folder: Where logs and the endpoints file go.
        trusted_key: Public key of the bundles' signer.
        http_port: REST port of the transformer; 0 takes a free one.
        grpc_port: gRPC port of the transformer; 0 takes a free one.
        feature_reader: `feast` or `parquet:PATH`.
        config: An ml_config.yaml, which goes before the arguments in the manifest; without it the manifest counts.
        startup_timeout_seconds: Until every process has to be ready.
        host: Address that the transformer binds.
        progress: Told one line at each step of the start.
        load_forecaster: Where a feeder's controller finds the load-forecaster; as the transformer does without it.
    """

    def __init__(
        self,
        manifest: Path,
        log_folder: Path,
        trusted_key: Path,
        http_port: int = 8000,
        grpc_port: int = 8001,
        feature_reader: str = "feast",
        config: Path | None = None,
        startup_timeout_seconds: float = 90.0,
        host: str = _LOOPBACK,
        progress: Callable[[str], None] = lambda line: None,
        load_forecaster: str | None = None,
    ) -> None:
        self._manifest_path, self._log_folder, self._trusted_key = manifest, log_folder, trusted_key
        self.http_port, self.grpc_port = http_port, grpc_port
        self._feature_reader, self._config, self._host = feature_reader, config, host
        self._timeout_seconds, self._progress = startup_timeout_seconds, progress
        self._forecaster = ("--load_forecaster", load_forecaster) if load_forecaster else ()
        self._endpoints_path = log_folder / "endpoints.json"
        self._endpoints: dict[str, str] = {}
        self._bundles: dict[str, Path] = {}
        self.predictors: dict[str, ServedProcess] = {}
        self.transformer: ServedProcess | None = None
        self._reserved = ExitStack()

    @property
    def url(self) -> str:
        """Address of the REST API."""
        return f"http://{self._reachable_host}:{self.http_port}"

    @property
    def grpc_address(self) -> str:
        """Address of the gRPC API."""
        return f"{self._reachable_host}:{self.grpc_port}"

    @property
    def _reachable_host(self) -> str:
        return _LOOPBACK if self._host == _ALL_INTERFACES else self._host

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Starts all processes and waits until they are ready.

        Raises:
            PortInUseError: A port is taken; nothing was started.
            ServiceError: A process died, or was not ready in time; all are stopped again.
            ConfigError: The manifest can't be served.
        """
        manifest = read_manifest(self._manifest_path)
        bundles = _bundles(manifest)
        for port, option in ((self.http_port, "--port"), (self.grpc_port, "--grpc-port")):
            if port:
                require_free(self._host, port, option)
        self.http_port = self.http_port or self._reserve(self._host)
        self.grpc_port = self.grpc_port or self._reserve(self._host)
        with ExitStack() as unless_ready:  # an interrupt leaves no process behind either
            unless_ready.callback(self.close)
            for variant, folder in bundles.items():
                self._start_predictor(manifest, variant, folder)
            self._write_endpoints()
            self.transformer = self._start_transformer(manifest, bundles[CONTROL])
            self._wait_until_ready([*self.predictors.values(), self.transformer])
            unless_ready.pop_all()

    def refresh(self) -> None:
        """Reads the manifest again, and starts and stops canary predictors to match it.

        Raises:
            ConfigError: The manifest can't be served, or has another control; nothing was changed.
            ServiceError: A new predictor died or was not ready in time; its canary gets no traffic.
        """
        manifest = read_manifest(self._manifest_path)
        bundles = _bundles(manifest)
        if bundles[CONTROL] != self._bundles[CONTROL]:
            raise ConfigError(
                f"The control of {manifest.name} is another bundle now.", "Start the service again to serve it."
            )
        changed = [name for name in self.predictors if bundles.get(name) != self._bundles[name]]
        gone = [self.predictors.pop(name) for name in changed]
        self._endpoints = {name: address for name, address in self._endpoints.items() if name in self.predictors}
        new = [name for name in bundles if name not in self.predictors]
        try:
            if gone:
                self._write_endpoints()
                time.sleep(_SETTLE_SECONDS)  # until the transformer sends nothing to them any more
            for name in new:
                self._start_predictor(manifest, name, bundles[name])
            self._wait_until_ready([self.predictors[name] for name in new])
            self._write_endpoints()
        except ServiceError:
            failed = [self.predictors.pop(name) for name in new if name in self.predictors]
            self._endpoints = {name: address for name, address in self._endpoints.items() if name in self.predictors}
            gone += failed
            raise
        finally:
            _stop(gone)

    def require_alive(self) -> None:
        """Checks that every process runs.

        Raises:
            ServiceError: One died.
        """
        for process in self._processes():
            process.require_alive()

    def close(self) -> None:
        """Stops every process and waits for their end."""
        processes = self._processes()
        self.transformer, self.predictors = None, {}
        _stop(processes)
        self._reserved.close()

    def _processes(self) -> list[ServedProcess]:
        return [*([self.transformer] if self.transformer else []), *self.predictors.values()]

    def _reserve(self, host: str) -> int:
        return self._reserved.enter_context(ReservedPort(host)).number

    def _start_predictor(self, manifest: ServiceManifest, variant: str, bundle: Path) -> None:
        http_port, grpc_port = self._reserve(_LOOPBACK), self._reserve(_LOOPBACK)
        self._endpoints[variant], self._bundles[variant] = f"{_LOOPBACK}:{grpc_port}", bundle
        ports = ["--http_port", str(http_port), "--grpc_port", str(grpc_port)]
        url = f"http://{_LOOPBACK}:{http_port}"
        self.predictors[variant] = self._spawn(f"predictor-{variant}", manifest, bundle, url, _LOOPBACK, ports, {})

    def _start_transformer(self, manifest: ServiceManifest, bundle: Path) -> ServedProcess:
        # The manifest's own arguments come first: where a laptop needs another value, the last one counts.
        arguments = [
            *(() if self._config else manifest.arguments),
            *("--inference_service", str(self._manifest_path), "--endpoints_file", str(self._endpoints_path)),
            *("--http_port", str(self.http_port), "--grpc_port", str(self.grpc_port)),
            *("--feature_reader", self._feature_reader),
            *self._forecaster,
        ]
        return self._spawn("transformer", manifest, bundle, self.url, self._host, arguments, manifest.environment)

    def _spawn(
        self,
        name: str,
        manifest: ServiceManifest,
        bundle: Path,
        url: str,
        host: str,
        arguments: list[str],
        environment: dict[str, str],
    ) -> ServedProcess:
        self._progress(f"starting {name}")
        config = ["--ml_config", str(self._config)] if self._config else []
        model = ["--model_name", manifest.name, "--model_dir", str(bundle), "--trusted_key", str(self._trusted_key)]
        return ServedProcess(
            name,
            f"inference_services.{name.partition('-')[0]}",
            [*arguments, *model, *config],
            {**environment, "METRIFY_BIND_HOST": host},
            self._log_folder,
            f"{url}/v2/models/{manifest.name}/ready",
        )

    def _wait_until_ready(self, processes: list[ServedProcess]) -> None:
        deadline, waiting = time.monotonic() + self._timeout_seconds, list(processes)
        while waiting:
            for process in [process for process in waiting if process.is_ready()]:
                self._progress(f"{process.name} is ready")
                waiting.remove(process)
            if waiting and time.monotonic() > deadline:
                names = ", ".join(process.name for process in waiting)
                raise ServiceError(
                    f"{names} was not ready within {self._timeout_seconds:g} s.", f"Look into {self._log_folder}."
                )
            if waiting:
                time.sleep(_POLL_SECONDS)

    def _write_endpoints(self) -> None:
        self._log_folder.mkdir(parents=True, exist_ok=True)
        partial = self._endpoints_path.with_suffix(".partial")
        partial.write_text(json.dumps(self._endpoints, indent=2) + "\n", encoding="utf-8")
        partial.replace(self._endpoints_path)


def _bundles(manifest: ServiceManifest) -> dict[str, Path]:
    uris = {CONTROL: manifest.storage_uri, **{canary.name: canary.storage_uri for canary in manifest.canaries}}
    for variant, uri in uris.items():
        if urlparse(uri).scheme != "file":
            raise ConfigError(f"The storage URI {uri!r} of {variant} is no local folder.", "Use a file:// URI.")
    return {variant: Path(unquote(urlparse(uri).path)) for variant, uri in uris.items()}


def _stop(processes: list[ServedProcess]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait()
