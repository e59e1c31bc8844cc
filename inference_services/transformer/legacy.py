"""The older HTTP API as thin aliases of the v2 protocol."""

import json
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse
from kserve.errors import ModelNotFound
from kserve.protocol.infer_type import InferInput, InferRequest
from pydantic import BaseModel, ConfigDict

from inference_services.transformer.model import MeterTransformer
from inference_services.transformer.requests import METER_INPUT


class LegacyData(BaseModel):
    """The meters of a request."""

    meter_id: list[str]


class LegacyRequest(BaseModel):
    """Body of `POST /predict`."""

    model_config = ConfigDict(protected_namespaces=())

    data: LegacyData
    model_name: str | None = None


def add_legacy_routes(app: FastAPI, model: MeterTransformer) -> None:
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
        return {"model_name": model.name, **{key: manifest[key] for key in (*keys, "training_period", "metrics")}}

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


async def _predict(model: MeterTransformer, body: LegacyRequest) -> dict[str, Any]:
    if body.model_name not in (None, model.name):
        raise ModelNotFound(body.model_name)
    meters = body.data.meter_id
    inputs = [InferInput(METER_INPUT, [len(meters)], "BYTES", list(meters))]
    request = InferRequest(model.name, inputs, parameters=dict(model.task.legacy_parameters))
    answer = await model.predict(request)
    outputs = {output.name: output.as_numpy().tolist() for output in answer.outputs}
    return {
        "model_name": model.name,
        **{key: outputs[name] for key, name in model.task.legacy_outputs.items()},
        "meter_id": outputs["meter_id"],
        "model_version": outputs["model_version"],
        "variant": outputs["variant"],
        "degraded": outputs["degraded"],
        "degraded_reasons": json.loads((answer.parameters or {}).get("degraded_reasons", "[]")),
    }
