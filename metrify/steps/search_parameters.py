"""Searches training parameters with a lower validation loss."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from metrify.adapters.tracked_search import TrackedSearch, TrialRecord
from metrify.config import Home, MetrifyConfig
from metrify.config.code_version import code_version
from metrify.config.search_space import SearchSpace, default_space
from metrify.steps.fit_forecaster import best_loss, fit_forecaster
from metrify.steps.search_study import ClaimedTrial, SearchStudy, TrialStoppedError
from metrify.steps.training_set import read_training_set


@dataclass(frozen=True)
class FoundParameters:
    """The best trial of a search.

    Attributes:
        parameters: Values by name.
        validation_pinball: Its validation loss.
        trials: How many trials have ended, those that were stopped early among them.
        config: YAML file with the configuration that has these values.
    """

    parameters: dict[str, Any]
    validation_pinball: float
    trials: int
    config: Path


def search_parameters(
    training_set: Path, config: MetrifyConfig, trials: int, home: Home, tell: Callable[[str, int], None]
) -> FoundParameters:
    """Runs trials until there are so many, and writes the configuration of the best.

    A search that is killed goes on with its next trial when it is started again with the same rows, configuration and
    code. Processes that are started at the same time share the trials.

    Args:
        training_set: Folder of `build_training_set`.
        config: What is searched, and all that stays as it is.
        trials: How many there are to be in all.
        home: Where trials and results are kept.
        tell: Told after each epoch of a trial, and how many trials have ended.

    Raises:
        ConfigError: The sizes of the configuration don't fit.
        TrackingError: MLflow can't be reached or refuses.
    """
    space = config.search or default_space(config.training.consumption_forecasting.model_type)
    name = _name(training_set, config, space)
    study = SearchStudy(home.searches, name, space, config.training.consumption_forecasting.seed)
    tracked = TrackedSearch(home, config, name)
    while True:
        with study.claim(trials) as trial:
            if trial is None:
                break
            tracked.log_trial(_run(trial, study, training_set, config, tell))
    parameters, loss = study.best
    tracked.close(parameters, loss)
    path = home.searches / f"{name}.yaml"
    found = config.with_parameters(parameters).model_dump(mode="json")
    path.write_text(yaml.safe_dump(found, sort_keys=False), encoding="utf-8")
    return FoundParameters(parameters, loss, study.done, path)


def _run(
    trial: ClaimedTrial, study: SearchStudy, training_set: Path, config: MetrifyConfig, tell: Callable[[str, int], None]
) -> TrialRecord:
    curve: list[dict[str, float]] = []

    def note(step: int, losses: dict[str, float]) -> None:
        curve.append(losses)
        tell(f"trial {trial.number} step {step} val_loss={losses['val_loss']:.4g}", study.done)
        trial.report(step, losses["val_loss"])

    try:
        loss = best_loss(fit_forecaster(training_set, config.with_parameters(trial.parameters), note))
    except TrialStoppedError:
        study.stop(trial)
        return TrialRecord(trial.number, trial.parameters, curve, None)
    study.finish(trial, loss)
    return TrialRecord(trial.number, trial.parameters, curve, loss)


def _name(training_set: Path, config: MetrifyConfig, space: SearchSpace) -> str:
    """Names the search that may be gone on with: the same rows, parameters, space and code."""
    described = {key: tried if isinstance(tried, tuple) else tried.model_dump() for key, tried in space.items()}
    forecasting = config.model_dump(mode="json", exclude={"search", "serving", "rollout", "mlflow"})
    parts = [read_training_set(training_set).dataset_fingerprint, forecasting, described, code_version()]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:10]
    return f"search-{config.training.consumption_forecasting.model_type}-{digest}"
