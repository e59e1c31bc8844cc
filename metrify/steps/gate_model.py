"""Refuses a model that is not better than what users would pick instead."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from metrify.anomaly.baselines import BASELINES
from metrify.bundles.manifest import Task
from metrify.config import MetrifyConfig
from metrify.errors import GateRefusedError


@dataclass(frozen=True)
class _Rule:
    """How models of a task are compared.

    Attributes:
        metric: By what.
        baselines: What users would pick instead.
        lower_is_better: Of the metric.
        mend: What may help a model that is refused.
        zeros: Metrics that have to be 0 whatever the others are.
    """

    metric: str
    baselines: tuple[str, ...]
    lower_is_better: bool
    mend: str
    zeros: tuple[str, ...] = ()


_RULES: Mapping[Task, _Rule] = {
    "load-forecast": _Rule(
        "wape", ("seasonal_naive", "persistence"), True, "Train longer, on more windows, or with another model_type."
    ),
    "anomaly-detection": _Rule(
        "vus_pr", tuple(BASELINES), False, "Train on more meters or days, or with another model_type."
    ),
    "grid-optimization": _Rule(
        "saving_ratio",
        ("self_consumption", "none"),
        False,
        "Train on more weeks, in more rounds, or with another model_type.",
        zeros=("violations",),
    ),
}
_CHAMPION = "champion"


def gate_model(metrics: Path, config: MetrifyConfig, task: Task = "load-forecast") -> None:
    """Lets a model pass that is better than every baseline, and better than the champion.

    A forecaster is judged by its WAPE, a detector by its VUS-PR, a controller by its part of the possible saving, and
    it must not breach a limit. The champion itself, trained again to the last bit, need not be better than it is. Where
    no champion could be compared with the model, only the baselines count.

    Args:
        metrics: JSON file of the step that evaluated the model.
        config: The gate section.
        task: What the model is for.

    Raises:
        GateRefusedError: It names those that are as good or better, or what the model breaches.
    """
    rule, values = _RULES[task], json.loads(metrics.read_text(encoding="utf-8"))
    broken = [f"{values[name]:g} {name}" for name in rule.zeros if values[name]]
    if broken:
        raise GateRefusedError(f"The model has {' and '.join(broken)} on the weeks that it is judged on.", rule.mend)
    own, rivals = values[rule.metric], [f"{rule.metric}_{name}" for name in rule.baselines]
    champion = f"{rule.metric}_{_CHAMPION}"
    if config.gate.beat_champion and champion in values and not values["is_champion"]:
        rivals.append(champion)
    sign = 1 if rule.lower_is_better else -1
    better = [f"{name} {values[name]:.4f}" for name in rivals if not sign * own < sign * values[name]]
    if better:
        side = "below" if rule.lower_is_better else "above"
        mend = " To keep a model beside the champion, set gate.beat_champion to false." if champion in rivals else ""
        raise GateRefusedError(
            f"The model's {rule.metric.upper().replace('_', '-')} {own:.4f} is not {side} {' and '.join(better)}.",
            rule.mend + mend,
        )
