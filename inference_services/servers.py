"""kserve's model server, bound to one host and telling our errors in both protocols.

The stock server binds all interfaces. A laptop should not serve its neighbours, so the host is METRIFY_BIND_HOST and
127.0.0.1 without it; an image sets it to 0.0.0.0. Importing kserve parses `sys.argv`.
"""

import asyncio
import os
from concurrent import futures

import fastapi
from fastapi.exceptions import RequestValidationError
from grpc import aio
from kserve import ModelServer
from kserve.constants.constants import FASTAPI_APP_IMPORT_STRING, MAX_GRPC_MESSAGE_LENGTH
from kserve.model import BaseKServeModel
from kserve.protocol.grpc import grpc_predict_v2_pb2_grpc
from kserve.protocol.grpc.server import GRPCServer
from kserve.protocol.grpc.servicer import InferenceServicer
from kserve.protocol.rest.server import RESTServer

from inference_services.answers import (
    MetrifyStatusInterceptor,
    answer_malformed_request,
    answer_metrify_error,
    answer_unexpected_error,
)
from metrify.errors import MetrifyError, PortInUseError

BIND_HOST_VARIABLE = "METRIFY_BIND_HOST"
_GRACE_SECONDS = 5


def bind_host() -> str:
    """The host that servers bind."""
    return os.environ.get(BIND_HOST_VARIABLE, "127.0.0.1")


class MetrifyRestServer(RESTServer):
    """REST on one host."""

    def _add_exception_handlers(self, app: fastapi.FastAPI) -> None:
        super()._add_exception_handlers(app)
        app.add_exception_handler(MetrifyError, answer_metrify_error)
        app.add_exception_handler(RequestValidationError, answer_malformed_request)
        app.add_exception_handler(Exception, answer_unexpected_error)


class MetrifyGrpcServer(GRPCServer):
    """gRPC on one host."""

    host = "127.0.0.1"

    async def start(self, max_workers: int) -> None:
        """Serves until it is stopped.

        Raises:
            PortInUseError: The port is taken.
        """
        limits = [
            ("grpc.max_send_message_length", MAX_GRPC_MESSAGE_LENGTH),
            ("grpc.max_receive_message_length", MAX_GRPC_MESSAGE_LENGTH),
            ("grpc.so_reuseport", 0),  # two servers on one port would share its requests at random
        ]
        pool = futures.ThreadPoolExecutor(max_workers=max_workers)
        self._server = aio.server(pool, interceptors=(MetrifyStatusInterceptor(),), options=limits)
        servicer = InferenceServicer(self._data_plane, self._model_repository_extension)
        grpc_predict_v2_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(servicer, self._server)
        try:
            self._server.add_insecure_port(f"{self.host}:{self._port}")
        except RuntimeError as error:
            raise PortInUseError(f"Port {self._port} on {self.host} is taken.", "Choose another one.") from error
        await self._server.start()
        await self._server.wait_for_termination()


class MetrifyModelServer(ModelServer):
    """A `kserve.ModelServer` of one worker on `bind_host()`.

    Args:
        http_port: REST.
        grpc_port: gRPC v2.
    """

    def __init__(self, http_port: int, grpc_port: int) -> None:
        super().__init__(
            http_port=http_port,
            grpc_port=grpc_port,
            workers=1,
            enable_latency_logging=False,
            grace_period=_GRACE_SECONDS,
        )

    def start(self, models: list[BaseKServeModel]) -> None:
        """Serves models until SIGTERM or SIGINT."""
        self._register_and_check_atleast_one_model_is_ready(models)
        rest = MetrifyRestServer(
            FASTAPI_APP_IMPORT_STRING,
            self.dataplane,
            self.model_repository_extension,
            self.http_port,
            grace_period=self.grace_period,
            timeout_keep_alive=self.timeout_keep_alive,
        )
        rest.config.host = bind_host()
        grpc = MetrifyGrpcServer(
            self.grpc_port, self.dataplane, self.model_repository_extension, kwargs={}, grace_period=self.grace_period
        )
        grpc.host = bind_host()
        self._rest_server, self._grpc_server = rest, grpc
        self.servers += [rest.start(), grpc.start(self.max_threads)]
        self.register_signal_handler()
        asyncio.run(self._serve())
