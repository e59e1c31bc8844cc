"""Refuses a model that is not better than what users would pick instead."""

import json
from pathlib import Path

from metrify.config import MetrifyConfig
from metrify.errors import GateRefusedError

BASELINES = ("wape_seasonal_naive", "wape_persistence")
_CHAMPION = "wape_champion"


def gate_model(metrics: Path, config: MetrifyConfig) -> None:
    """Lets a model pass whose WAPE is below that of every baseline, and below the champion's.

    The champion itself, trained again to the last bit, need not be better than it is. Where no champion could be
    compared with the model, only the baselines count.

    Args:
        metrics: File of `evaluate_forecaster`.
        config: The gate section.

    Raises:
        GateRefusedError: It names those that are as good or better.
    """
    values = json.loads(metrics.read_text(encoding="utf-8"))
    rivals = list(BASELINES)
    if config.gate.beat_champion and _CHAMPION in values and not values["is_champion"]:
        rivals.append(_CHAMPION)
    better = [f"{name} {values[name]:.4f}" for name in rivals if not values["wape"] < values[name]]
    if better:
        raise GateRefusedError(
            f"The model's WAPE {values['wape']:.4f} is not below {' and '.join(better)}.",
            "Train longer, on more windows, or with another model_type."
            + (" To keep a model beside the champion, set gate.beat_champion to false." if _CHAMPION in rivals else ""),
        )
