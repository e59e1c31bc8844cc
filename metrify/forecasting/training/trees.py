"""Gradient-boosted trees over all meters: LightGBM with a quantile objective for each level, on what the networks read.

Ke and others 2017, LightGBM: A Highly Efficient Gradient Boosting Decision Tree, NeurIPS 30.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import lightgbm as lgb
import numpy as np

from metrify.config.schema import ConsumptionForecastingConfig, TreesConfig
from metrify.forecasting.onnx_model import OnnxModel
from metrify.forecasting.training.fit import OnEpoch
from metrify.forecasting.training.rows import RowSource
from metrify.forecasting.training.tree_columns import build_columns, load_columns
from metrify.forecasting.training.tree_graph import export_trees
from metrify.forecasting.training.tree_levels import TreeLevel, load_level, save_level
from metrify.forecasting.training.tree_rows import TreeRows

_BINS = 63
_ROWS_FOR_BINS = 100_000
_LOSSES = ("loss", "val_loss")


@dataclass(frozen=True)
class _Table:
    """Rows in bins, and the factor from LightGBM's mean loss of them to the networks' mean loss of windows."""

    dataset: lgb.Dataset
    loss_factor: float


@dataclass(frozen=True)
class FittedTrees:
    """Trees by quantile level.

    Attributes:
        columns: What they read; see `build_columns`.
        levels: `[Q]` trees, lowest level first.
        non_negative: Whether no forecast may be negative.
    """

    columns: keras.Model
    levels: tuple[TreeLevel, ...]
    non_negative: bool

    @property
    def curve(self) -> list[dict[str, float]]:
        """The losses by round, averaged over the levels; one that has stopped keeps its last."""
        rounds = max(self.best_lengths)
        means = {name: np.mean([_lasting(level.losses[name], rounds) for level in self.levels], 0) for name in _LOSSES}
        return [{name: float(means[name][number]) for name in _LOSSES} for number in range(rounds)]

    @property
    def best_lengths(self) -> tuple[int, ...]:
        """The rounds of each level."""
        return tuple(len(level.losses["loss"]) for level in self.levels)

    def export_onnx(self, path: Path) -> None:
        """Writes one graph from the features to `quantiles_kwh [N, H, Q]`, like a network's."""
        export_trees(self.columns, [level.booster for level in self.levels], self.non_negative, path)


def fit_trees(
    train: RowSource,
    validation: RowSource,
    config: ConsumptionForecastingConfig,
    day_length: int,
    on_level: OnEpoch,
    checkpoints: Path | None = None,
    threads: int | None = None,
    rounds: Sequence[int] | None = None,
) -> FittedTrees:
    """Boosts trees for each level until the validation loss stops falling, or for a number of rounds.

    What is in memory is the table in bins, a byte a value, whatever the sources hold. The number of threads does not
    change the result.

    Args:
        train: Rows to fit.
        validation: Rows of other meters in a later time.
        config: Quantiles, seed and `trees`.
        day_length: Intervals in a day.
        on_level: Called after each level with its number from 1 and its losses.
        checkpoints: A folder of this training alone, which the caller removes when it needs the training no more;
            nothing is kept without it.
        threads: Threads of the fit; without it as many as there are processors for this process.
        rounds: `[Q]` of each level, which nothing stops; without it early stopping says how many there are.

    Raises:
        ConfigError: The sequence is not a whole number of days, or too short.
        ForecastError: No target was measured.
    """
    columns = build_columns(config, day_length, set(train.take(np.arange(1)).features), train.known_codes)
    reader = load_columns(columns)
    parameters = _parameters(config, threads or len(os.sched_getaffinity(0)))
    fitted = _table(train, reader, parameters)
    judged = _table(validation, reader, parameters, fitted.dataset)
    levels = []
    for number, quantile in enumerate(config.quantiles, start=1):
        level = load_level(checkpoints, number) if checkpoints else None
        if level is None:
            settings = {**parameters, "alpha": quantile}
            level = _fit_level(settings, config.trees, fitted, judged, rounds[number - 1] if rounds else None)
            if checkpoints:
                save_level(checkpoints, number, level)
        levels.append(level)
        on_level(number, {name: level.losses[name][-1] for name in _LOSSES})
    return FittedTrees(columns, tuple(levels), train.non_negative)


def _parameters(config: ConsumptionForecastingConfig, threads: int) -> dict[str, Any]:
    trees = config.trees
    return {
        "objective": "quantile",
        "num_leaves": trees.max_leaves,
        "learning_rate": trees.learning_rate,
        "min_data_in_leaf": trees.min_leaf_intervals,
        "feature_fraction": trees.column_share,
        "bagging_fraction": trees.interval_share,
        "bagging_freq": 1,
        "max_bin": _BINS,
        "bin_construct_sample_cnt": _ROWS_FOR_BINS,
        "feature_pre_filter": False,
        "seed": config.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads,
        "verbosity": -1,
    }


def _table(
    source: RowSource, columns: OnnxModel, parameters: dict[str, Any], reference: lgb.Dataset | None = None
) -> _Table:
    rows = TreeRows(source, columns)
    mean_weight = float(rows.weights.mean(dtype=np.float64))
    dataset = lgb.Dataset(rows, rows.targets, reference, rows.weights / mean_weight, params=parameters)
    return _Table(dataset.construct(), mean_weight * len(rows) / len(source))


def _fit_level(
    parameters: dict[str, Any], trees: TreesConfig, fitted: _Table, judged: _Table, rounds: int | None
) -> TreeLevel:
    recorded: dict[str, dict[str, list[float]]] = {}
    callbacks = [lgb.record_evaluation(recorded)]
    if rounds is None:
        callbacks.append(lgb.early_stopping(trees.early_stopping_patience_rounds, verbose=False))
    booster = lgb.train(
        parameters,
        fitted.dataset,
        rounds or trees.max_rounds,
        valid_sets=[fitted.dataset, judged.dataset],
        valid_names=list(_LOSSES),
        callbacks=callbacks,
    )
    best = rounds or booster.best_iteration
    tables = dict(zip(_LOSSES, (fitted, judged), strict=True))
    losses = {
        name: (np.array(recorded[name]["quantile"][:best]) * table.loss_factor).tolist()
        for name, table in tables.items()
    }
    return TreeLevel(booster.model_to_string(num_iteration=best), losses)


def _lasting(losses: list[float], rounds: int) -> np.ndarray:
    return np.pad(losses, (0, rounds - len(losses)), mode="edge")
