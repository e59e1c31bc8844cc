"""The rows of a model's results, with the targets of the champion and the trees beside them."""

from collections.abc import Sequence

import numpy as np

from metrify.cli.bench.forecast.protocol_rows import ProtocolRows
from metrify.cli.bench.forecast.result import Result
from metrify.cli.bench.forecast.score import METRICS
from metrify.cli.bench.forecast.targets import (
    CHAMPION_TARGETS,
    DAY_AHEAD_BY_HOUR,
    ROW_MS,
    WINDOWS_PER_CPU_SECOND,
    Target,
)
from metrify.cli.bench.report import Row
from metrify.errors import ForecastError
from metrify.forecasting.evaluation.diebold_mariano import diebold_mariano

CHAMPION, PEER = "champion", "lightgbm"
_AT_MOST = "cov90_at_most"


def describe_rows(rows: ProtocolRows, refused: dict[str, int]) -> list[Row]:
    """What was scored, and what could not be forecast.

    Args:
        rows: Test rows.
        refused: How many test rows of each meter could not be forecast; meters without any are left out.
    """
    protocol = rows.protocol
    name = f"forecast.{protocol.name}"
    note = f"{protocol.note} Rows are meters at {len(protocol.origins.test)} origins."
    without = "Too little of their windows was measured: " + ", ".join(f"{m} ({n})" for m, n in refused.items()) + "."
    return [
        Row(f"{name}.meters", float(len(protocol.matrix.meter_ids)), "1", note=note),
        Row(f"{name}.rows_scored", float(len(rows)), "1"),
        Row(f"{name}.rows_not_forecast", float(sum(refused.values())), "1", note=without if refused else None),
    ]


def score_rows(dataset: str, result: Result, peer: Result | None) -> list[Row]:
    """The metrics of a model, mean over seeds, with each seed's in the detail.

    Args:
        dataset: Name of the dataset.
        result: Of the model.
        peer: Of the trees of the same run; None where there are none.
    """
    targets = CHAMPION_TARGETS.get(dataset, {}) if result.name == CHAMPION else {}
    names = [*result.metrics, *(["train_cpu_seconds"] if result.cpu_seconds else [])]
    rows = []
    for metric in names:
        unit = "s" if metric == "train_cpu_seconds" else "1"
        beside = None if peer is None or not peer.by_seed(metric) else peer.mean(metric)
        target = targets.get(metric, Target())
        seeds = {str(seed): value for seed, value in result.by_seed(metric).items()}
        row = Row(
            f"forecast.{dataset}.{result.name}.{metric}",
            result.mean(metric),
            unit,
            target.value,
            target.direction,
            peer=None if beside is None else PEER,
            peer_value=beside,
            note=result.note if metric == METRICS[0] else None,
            detail={"seeds": seeds} if len(seeds) > 1 else None,
        )
        rows.append(row)
    if _AT_MOST in targets:
        value = result.mean("cov90")
        rows.append(Row(f"forecast.{dataset}.{result.name}.{_AT_MOST}", value, "1", *targets[_AT_MOST]))
    return rows


def speed_rows(dataset: str, result: Result, peer: Result | None) -> list[Row]:
    """How fast a model's graph answers; for the champion also the rows that have targets.

    Args:
        dataset: Name of the dataset.
        result: Of the model.
        peer: Of the trees of the same run; None where there are none.
    """
    if result.speed is None:
        return []
    beside = peer.speed if peer else None
    name = PEER if beside else None
    ms, fast = result.speed.row_ms, result.speed.windows_per_cpu_second
    peer_ms, peer_fast = (beside.row_ms, beside.windows_per_cpu_second) if beside else (None, None)
    prefix = f"forecast.{dataset}.{result.name}"
    rows = [
        Row(f"{prefix}.onnx_ms", ms, "ms", peer=name, peer_value=peer_ms),
        Row(f"{prefix}.windows_per_cpu_second", fast, "1/s", peer=name, peer_value=peer_fast),
    ]
    if result.name != CHAMPION or dataset not in DAY_AHEAD_BY_HOUR:
        return rows
    note = "One row at a time on one thread, median; the graph alone."
    batches = "In batches of 128 on one thread; the graph alone."
    return [
        *rows,
        Row("forecast.onnx_ms_row", ms, "ms", *ROW_MS, name, peer_ms, note),
        Row("forecast.windows_per_cpu_second", fast, "1/s", *WINDOWS_PER_CPU_SECOND, name, peer_fast, batches),
    ]


def difference_rows(rows: ProtocolRows, champion: Result, others: Sequence[Result]) -> list[Row]:
    """How likely it is by chance that the champion's absolute errors are that much smaller than another's.

    Args:
        rows: Test rows.
        champion: Its result; with several seeds the mean of their errors is tested.
        others: Results of the other models.
    """
    protocol = rows.protocol
    spacing = np.median(np.diff(protocol.origins.test))  # local midnights are 23 and 25 hours apart, too
    steps = int(np.ceil(protocol.origins.horizon.to_timedelta64() / spacing))
    name = f"forecast.{protocol.name}.{champion.name}.dm_p_"
    note = "One-sided p of Diebold and Mariano on absolute errors, averaged by origin."
    tested = []
    for other in others:
        try:
            verdict = diebold_mariano(
                champion.absolute_errors, other.absolute_errors, rows.columns, steps, kernel="bartlett"
            )
            tested.append(Row(name + other.name, verdict.p_value, "1", note=note))
        except ForecastError as error:
            tested.append(Row(name + other.name, None, "1", note=str(error)))
    return tested
