"""`metrify forecast`: asks a running service."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metrify.cli.output import print_json, sparkline

if TYPE_CHECKING:
    from inference_services.client import Forecasts


def forecast(
    meters: Annotated[list[str], typer.Argument(help="Meter numbers or pseudonyms.")],
    url: Annotated[str | None, typer.Option(help="Address of the REST API; this machine without it.")] = None,
    grpc: Annotated[str | None, typer.Option(help="Ask over gRPC instead, for instance at 127.0.0.1:8001.")] = None,
    partial: Annotated[bool, typer.Option(help="Answer the meters that can be answered, and list the others.")] = False,
    horizon: Annotated[
        int | None, typer.Option(min=1, help="Intervals to forecast; as many as the model gives without it.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; the default one without it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the forecasts as JSON.")] = False,
) -> None:
    """Ask the running service for tomorrow's forecast of meters."""
    from inference_services.client import ForecastClient
    from metrify.config import load_config

    client = ForecastClient(url or f"http://127.0.0.1:{load_config(config).serving.port}", grpc or "")
    ask = client.over_grpc if grpc else client.over_rest
    answer = ask(meters, partial, horizon)
    if as_json:
        print_json(_as_dict(answer))
        return
    for row, meter in enumerate(answer.meter_ids):
        point = answer.point_kwh[row]
        typer.echo(
            f"{meter}  {sparkline(point.tolist())}  {point.sum():8.3f} kWh  from {answer.origins[row]}  "
            f"{answer.model_versions[row]} ({answer.variants[row]})"
        )
    for kind, items in (("degraded", answer.degraded_reasons), ("refused", answer.refused)):
        for item in items:
            typer.echo(f"{item['meter_id']}  {kind}: {item['reason']}", err=True)


def _as_dict(answer: "Forecasts") -> dict[str, object]:
    rows = [
        {
            "meter_id": meter,
            "origin": answer.origins[row],
            "model_version": answer.model_versions[row],
            "variant": answer.variants[row],
            "feature_age_seconds": float(answer.feature_age_seconds[row]),
            "data_version": answer.data_versions[row],
            "degraded": answer.degraded[row],
            "point_kwh": answer.point_kwh[row].tolist(),
            "quantiles_kwh": answer.quantiles_kwh[row].tolist(),
        }
        for row, meter in enumerate(answer.meter_ids)
    ]
    drift = {"verdict": answer.drift, "p_value": answer.drift_p, "day": answer.drift_day}
    lists = {"degraded_reasons": answer.degraded_reasons, "refused": answer.refused}
    return {"forecasts": rows, **lists, "drift": drift}
