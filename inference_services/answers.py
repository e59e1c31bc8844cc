"""How errors are told to clients: the status and the message, never a traceback."""

from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from grpc import ServicerContext, StatusCode
from kserve.logging import logger
from kserve.protocol.grpc.interceptors import ExceptionToStatusInterceptor

from metrify.errors import MetrifyError, RefusedMetersError

_GRPC_STATUS = {
    400: StatusCode.INVALID_ARGUMENT,
    404: StatusCode.NOT_FOUND,
    422: StatusCode.FAILED_PRECONDITION,
    503: StatusCode.UNAVAILABLE,
}


def grpc_status(error: MetrifyError) -> StatusCode:
    """The gRPC status that stands for an error's HTTP status."""
    return _GRPC_STATUS.get(error.status_code, StatusCode.INTERNAL)


async def answer_metrify_error(_request: Request, error: Exception) -> JSONResponse:
    """REST answer to an error of ours."""
    assert isinstance(error, MetrifyError)
    content: dict[str, object] = {"error": str(error)}
    if isinstance(error, RefusedMetersError):
        content["meters"] = list(error.meters)
    return JSONResponse(content, error.status_code)


async def answer_malformed_request(_request: Request, error: Exception) -> JSONResponse:
    """REST answer to a body that is not in the protocol's form; names the fields."""
    assert isinstance(error, RequestValidationError)
    fields = sorted({".".join(str(step) for step in item["loc"]) for item in error.errors()})
    return JSONResponse({"error": f"The request is not in the protocol's form: {', '.join(fields)}."}, 400)


async def answer_unexpected_error(_request: Request, error: Exception) -> JSONResponse:
    """REST answer to anything else; the cause is only in the log."""
    logger.error("Unexpected error", exc_info=error)
    return JSONResponse({"error": "Internal server error"}, 500)


class MetrifyStatusInterceptor(ExceptionToStatusInterceptor):
    """Tells gRPC clients the status and the message of our own errors; leaves the others to kserve."""

    async def handle_exception(
        self, ex: Exception, request_or_iterator: Any, context: ServicerContext, method_name: str
    ) -> None:
        """Ends the call with the error's status."""
        if isinstance(ex, MetrifyError):
            await context.abort(grpc_status(ex), str(ex))
        await super().handle_exception(ex, request_or_iterator, context, method_name)
