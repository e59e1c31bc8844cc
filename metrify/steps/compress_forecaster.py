"""Makes the exported model smaller, as long as it stays as good."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx

from metrify.config import MetrifyConfig
from metrify.config.schema import CompressionConfig
from metrify.features.specification import compute_features
from metrify.forecasting.compression.measure import Measured, measure_model
from metrify.forecasting.compression.prune_weights import prune_weights
from metrify.forecasting.compression.quantise_weights import quantise_weights
from metrify.forecasting.compression.weights import has_trees
from metrify.steps.compression_report import ORIGINAL, CompressionReport, Tried, render_compression
from metrify.steps.training_set import read_training_set

_ROWS_AT_ONCE = 2_000


def compress_forecaster(
    training_set: Path, model: Path, output: Path, report: Path, table: Path, config: MetrifyConfig
) -> dict[str, float]:
    """Prunes or quantises a model as far as its WAPE on the validation rows stays within the budget.

    What makes the file no smaller, even when that is compressed, is not used either. Without a method, and for trees,
    the model goes on as it is.

    Args:
        training_set: Folder of `build_training_set`.
        model: ONNX file of `train_forecaster`.
        output: ONNX file to write: the model that goes on.
        report: JSON file to write: what was tried, what it cost and what was chosen.
        table: Markdown file to write: the same for people.
        config: The compression section, and the features and quantiles.

    Returns:
        `bytes` of the file that goes on, and where something was tried `bytes_before`, `wape` and `wape_before`.

    Raises:
        ForecastError: The load of the validation rows sums to zero.
    """
    settings = config.compression
    trees = has_trees(onnx.load(str(model)).graph)
    with tempfile.TemporaryDirectory() as scratch:
        skip = trees or settings.method == "none"
        chosen, tried = (model, []) if skip else _compress(training_set, model, Path(scratch), config)
        shutil.copyfile(chosen, output)
    written = CompressionReport(settings.method, trees, settings.wape_budget_relative, tuple(tried))
    report.write_text(json.dumps(asdict(written), indent=2), encoding="utf-8")
    table.write_text(render_compression(written), encoding="utf-8")
    figures = {"bytes": float(output.stat().st_size)}
    if tried:
        before, after = tried[0].measured, next(one for one in reversed(tried) if one.is_used).measured
        figures |= {"bytes_before": float(before.bytes), "wape": after.wape, "wape_before": before.wape}
    return figures


def _compress(training_set: Path, model: Path, scratch: Path, config: MetrifyConfig) -> tuple[Path, list[Tried]]:
    data, levels = read_training_set(training_set), config.training.consumption_forecasting.quantiles
    features = data.features(config)
    rows = data.rows("validation")

    def batches() -> Iterator[tuple[Mapping[str, np.ndarray], np.ndarray]]:
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            part = rows[first : first + _ROWS_AT_ONCE]
            yield compute_features(features, data.batch(part)), data.targets[part]

    median = levels.index(0.5)
    chosen, original = model, measure_model(model, batches(), median)
    tried, measured = [Tried(ORIGINAL, original, True, "what the others are compared with")], original
    for name, compress in _methods(config.compression):
        candidate = scratch / f"{name}.onnx"
        compress(chosen, candidate)
        figures = measure_model(candidate, batches(), median)
        reason = _refusal(figures, original, measured, config.compression.wape_budget_relative)
        tried.append(Tried(name, figures, not reason, reason or "smaller, and within the budget"))
        if not reason:
            chosen, measured = candidate, figures
    return chosen, tried


def _methods(settings: CompressionConfig) -> list[tuple[str, Callable[[Path, Path], object]]]:
    """What is tried, one after the other, each on what the last one left."""
    methods: list[tuple[str, Callable[[Path, Path], object]]] = []
    if settings.method in ("prune", "prune_int8"):
        methods.append(("prune", lambda path, target: prune_weights(path, target, settings.prune_share)))
    if settings.method in ("int8", "prune_int8"):
        methods.append(("int8", quantise_weights))
    return methods


def _refusal(figures: Measured, original: Measured, last: Measured, budget: float) -> str:
    """Why a compressed model is not used; empty where it is."""
    rise = figures.wape / original.wape - 1
    if not rise < budget:
        return f"raises the WAPE by {rise:.2%} of itself; less than {budget:.2%} was allowed"
    if figures.bytes_deflated >= last.bytes_deflated:
        return "no smaller, even when compressed"
    return ""
