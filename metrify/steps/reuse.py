"""Reuses the result of a step that already ran on this machine with the same inputs.

A cluster has the cache of Kubeflow Pipelines for that; the local runner has none. The key is made of everything that a
step's result depends on: its name, the code, the contents of its input files and its other arguments.
"""

import hashlib
import inspect
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

from metrify.config import Home, MetrifyConfig
from metrify.config.code_version import code_version
from metrify.steps.kept_results import Figures, keep_result, lock_file, remove_oldest_results, restore_result
from metrify.steps.lock import locked

REUSED_LINE = "reused the result of an earlier run"
# No step whose result is reused reads these; the steps before the training don't read the network's parameters either.
SERVING_SECTIONS = ("grid", "cold_start", "serving", "rollout", "mlflow", "gate", "compression", "search")
DETECTOR_SECTION = "training.anomaly_detection"
CONTROLLER_SECTION = "training.grid_optimization"
_NETWORK_KEYS = (
    "model_type",
    "ensemble_members",
    "trees",
    "refit_through_validation",
    "lstm_units",
    "dropout_rate",
    "quantiles",
    "epochs",
    "early_stopping_patience_epochs",
    "batch_size",
    "learning_rate",
)
NETWORK_PARAMETERS = (
    *(f"training.consumption_forecasting.{key}" for key in _NETWORK_KEYS),
    DETECTOR_SECTION,
    CONTROLLER_SECTION,
)
# No step that trains, chooses or judges a controller reads these.
UNREAD_BY_CONTROLLERS = (
    *(section for section in SERVING_SECTIONS if section != "grid"),
    "splits",
    "quality",
    "feature_engineering",
    "drift",
    "training.consumption_forecasting",
    DETECTOR_SECTION,
)

P = ParamSpec("P")


def reusable(
    outputs: tuple[str, ...], ignores: tuple[str, ...] = (), fills: Callable[[Home], Path] | None = None
) -> Callable[[Callable[P, Figures]], Callable[P, Figures]]:
    """Decorates a step that returns figures and writes files.

    Args:
        outputs: Names of the arguments that are files or folders to write.
        ignores: Keys of the configuration that the step does not read, for instance `training.consumption`.
        fills: A store of the home that the step fills beside its outputs. A result counts only as long as that store
            was last filled with it.
    """

    def decorate(step: Callable[P, Figures]) -> Callable[P, Figures]:
        signature = inspect.signature(step)

        @wraps(step)
        def run(*args: P.args, **kwargs: P.kwargs) -> Figures:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            arguments = dict(bound.arguments)
            home = arguments.pop("home") or Home.from_environment()
            paths = {name: arguments.pop(name) for name in outputs}
            key = _key(step.__name__, arguments, ignores)
            kept = home.step_cache / step.__name__ / key
            marker = fills(home) / f"{step.__name__}.key" if fills else None
            # A run beside this one that needs the same result waits for it, and two never fill a store at once.
            with locked(lock_file(marker or kept)):
                if kept.is_dir() and (marker is None or (marker.is_file() and marker.read_text("utf-8") == key)):
                    print(f"{step.__name__} {REUSED_LINE}", flush=True)
                    return restore_result(kept, paths)
                if marker:
                    marker.unlink(missing_ok=True)  # a run that fails half-way leaves no store that looks filled
                figures = step(*args, **kwargs)
                keep_result(kept, paths, figures)
                remove_oldest_results(kept.parent)
                if marker:
                    marker.write_text(key, "utf-8")
                return figures

        return run

    return decorate


@contextmanager
def filled_otherwise(store: Path) -> Iterator[None]:
    """While something else is put into a store, no step takes it for filled; at the end it is as it was.

    Whoever enters has to restore the store before leaving. One that is stopped on the way leaves a store that the
    steps fill again.
    """
    kept = {marker: marker.read_text("utf-8") for marker in store.glob("*.key")}
    for marker in kept:
        marker.unlink()
    yield
    for marker, text in kept.items():
        marker.write_text(text, "utf-8")


@contextmanager
def taking_turns(store: Path, step: str) -> Iterator[None]:
    """Waits until the step that fills a store, or another one that takes turns with it, is done."""
    with locked(lock_file(store / f"{step}.key")):
        yield


def forget_fillings(store: Path) -> None:
    """Lets no step take a store for filled that was changed by something else."""
    for marker in store.glob("*.key"):
        marker.unlink()


def values_read(config: MetrifyConfig, ignores: tuple[str, ...]) -> dict[str, Any]:
    """The values of a configuration without some of its keys, such as `training.anomaly_detection`."""
    values = config.model_dump(mode="json")
    for key in ignores:
        *sections, last = key.split(".")
        section = values
        for name in sections:
            section = section[name]
        del section[last]
    return values


def _key(step: str, arguments: dict[str, Any], ignores: tuple[str, ...]) -> str:
    parts = {name: _describe(value, ignores) for name, value in arguments.items()}
    text = json.dumps([step, code_version(), parts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _describe(value: Any, ignores: tuple[str, ...]) -> Any:
    if isinstance(value, Path):
        files = sorted(path for path in value.rglob("*") if path.is_file()) if value.is_dir() else [value]
        return [[str(path.relative_to(value)), _digest(path)] for path in files]
    if isinstance(value, MetrifyConfig):
        return values_read(value, ignores)
    return value


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
