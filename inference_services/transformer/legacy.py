"""The older HTTP API as thin aliases of the v2 protocol."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse
from kserve.errors import ModelNotFound
from kserve.protocol.infer_type import InferInput, InferRequest, InferResponse
from pydantic import BaseModel, ConfigDict

from metrify.bundles.load import Bundle
from metrify.errors import InvalidRequestError


class LegacyModel(Protocol):
    """What a model has to be for the older API.

    Attributes:
        name: In the v2 protocol.
        ready: Whether it answers.
        row_input: Name of the input that the rows are named by.
    """

    name: str
    ready: bool
    row_input: ClassVar[str]

    @property
    def bundle(self) -> Bundle:
        """The control's bundle."""

    @property
    def legacy_outputs(self) -> Mapping[str, str]:
        """Names of outputs by what the older HTTP API calls them."""

    @property
    def legacy_parameters(self) -> Mapping[str, bool]:
        """Parameters that its requests have."""

    @property
    def info(self) -> dict[str, object]:
        """What the model information says beside the manifest."""

    async def predict(self, payload: object, headers: dict[str, str] | None = None) -> InferResponse:
        """Answers a v2 request."""


class LegacyRequest(BaseModel):
    """Body of `POST /predict`."""

    model_config = ConfigDict(protected_namespaces=())

    data: dict[str, list[str]]
    model_name: str | None = None


def add_legacy_routes(app: FastAPI, model: LegacyModel) -> None:
    """Adds the older API to the server's app, before it starts."""
    router = APIRouter(tags=["legacy"])

    async def health() -> dict[str, Any]:
        return {"status": "healthy" if model.ready else "starting", "model_name": model.name}

    async def predict(body: LegacyRequest) -> dict[str, Any]:
        return await _predict(model, body)

    async def predict_batch(bodies: list[LegacyRequest]) -> list[dict[str, Any]]:
        return [await _predict(model, body) for body in bodies]

    async def info() -> dict[str, Any]:
        manifest = model.bundle.manifest.model_dump(mode="json")
        keys = ("version", "task", "model_type", "features", "quantiles", "forecast_horizon", "resolution_minutes")
        known = {key: manifest[key] for key in (*keys, "training_period", "metrics")}
        return {"model_name": model.name, **known, **model.info}

    router.add_api_route("/health", health, methods=["GET"])
    router.add_api_route("/predict", predict, methods=["POST"])
    router.add_api_route("/predict/batch", predict_batch, methods=["POST"])
    router.add_api_route("/model/info", info, methods=["GET"])
    app.include_router(router)


def hide_metrics(app: FastAPI) -> None:
    """Answers `/metrics` with 404; the first route wins."""

    async def hidden() -> JSONResponse:
        return JSONResponse({"error": "Metrics are switched off."}, 404)

    app.add_api_route("/metrics", hidden, methods=["GET"])


async def _predict(model: LegacyModel, body: LegacyRequest) -> dict[str, Any]:
    if body.model_name not in (None, model.name):
        raise ModelNotFound(body.model_name)
    if set(body.data) != {model.row_input}:
        raise InvalidRequestError(
            f"The data has {', '.join(sorted(body.data)) or 'nothing'}.", f"Send a list {model.row_input}."
        )
    rows = body.data[model.row_input]
    inputs = [InferInput(model.row_input, [len(rows)], "BYTES", list(rows))]
    request = InferRequest(model.name, inputs, parameters=dict(model.legacy_parameters))
    answer = await model.predict(request)
    outputs = {output.name: output.as_numpy().tolist() for output in answer.outputs}
    return {
        "model_name": model.name,
        **{key: outputs[name] for key, name in model.legacy_outputs.items()},
        model.row_input: outputs[model.row_input],
        "model_version": outputs["model_version"],
        "variant": outputs["variant"],
        "degraded": outputs["degraded"],
        "degraded_reasons": json.loads((answer.parameters or {}).get("degraded_reasons", "[]")),
    }
