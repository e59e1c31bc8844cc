"""Serves the installed InferenceService on this machine while a notebook needs it."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import yaml

from inference_services.client import ForecastClient, Forecasts
from inference_services.local.run_manifest import LocalService
from inference_services.manifest import read_manifest
from metrify.bundles.signature import PUBLIC_KEY_FILE
from metrify.config import Home
from metrify.config.schema import ServingConfig
from metrify.errors import UsageError
from metrify.steps.install_service import require_service


class ServerConfig(ServingConfig):
    """The keys of `serving` as keyword arguments."""


class ModelServer:
    """The installed service as local processes; a context manager.

    Args:
        config: Where it listens, time-outs and batch size. What is set goes before the installed manifest.
        feature_reader: `feast`, or `parquet:PATH` to serve windows of a file.
    """

    def __init__(self, config: ServingConfig | None = None, feature_reader: str = "feast") -> None:
        self.config = config or ServerConfig()
        self._feature_reader = feature_reader
        self._service: LocalService | None = None

    @property
    def url(self) -> str:
        """Address of the REST API.

        Raises:
            UsageError: The server is not started.
        """
        return self._require_started().url

    def start(self) -> Self:
        """Starts the processes and waits until they answer.

        Raises:
            UsageError: It runs already.
            ServiceError: No service is installed, or a process died or was not ready in time.
            PortInUseError: A port is taken.
        """
        if self._service is not None:
            raise UsageError(f"The server runs already at {self.url}.", "Call `stop` first.")
        home = Home.from_environment()
        manifest = require_service(home)
        logs = home.root / "logs" / manifest.stem
        service = LocalService(
            manifest,
            logs,
            home.keys / PUBLIC_KEY_FILE,
            http_port=self.config.port,
            grpc_port=self.config.grpc_port,
            feature_reader=self._feature_reader,
            config=self._write_settings(logs),
            startup_timeout_seconds=self.config.startup_timeout_seconds,
            host=self.config.host,
        )
        service.start()
        self._service = service
        return self

    def predict(self, meter_ids: Sequence[str], partial: bool = False, horizon: int | None = None) -> Forecasts:
        """Tomorrow's forecast of meters, by number or pseudonym.

        Args:
            meter_ids: `[N]`.
            partial: Whether the meters that can be answered are, and the others listed in `refused`.
            horizon: Intervals to forecast; as many as the model gives without it.

        Raises:
            UsageError: The server is not started.
            InvalidRequestError: A meter is unknown or has too short a history, or the horizon is beyond the model's.
            ServiceError: The service can't answer.
        """
        service = self._require_started()
        name = read_manifest(require_service(Home.from_environment())).name
        return ForecastClient(service.url, service.grpc_address, name).over_rest(meter_ids, partial, horizon)

    def stop(self) -> None:
        """Stops the processes; nothing happens where none runs."""
        if self._service is not None:
            self._service.close()
            self._service = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _require_started(self) -> LocalService:
        if self._service is None:
            raise UsageError("The server is not started.", "Call `start` first, or use it in a `with` statement.")
        return self._service

    def _write_settings(self, folder: Path) -> Path | None:
        if not self.config.model_fields_set:
            return None
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "serving.yaml"
        path.write_text(yaml.safe_dump({"serving": self.config.model_dump(mode="json")}), encoding="utf-8")
        return path
