"""Refuses a model that is not better than what users would pick instead."""

import json
from pathlib import Path

from metrify.errors import GateRefusedError

BASELINES = ("wape_seasonal_naive", "wape_persistence")


def gate_model(metrics: Path) -> None:
    """Lets a model pass whose WAPE is below every baseline's.

    Args:
        metrics: File of `evaluate_forecaster`.

    Raises:
        GateRefusedError: It names the baselines that are as good or better.
    """
    values = json.loads(metrics.read_text(encoding="utf-8"))
    better = [f"{name} {values[name]:.4f}" for name in BASELINES if not values["wape"] < values[name]]
    if better:
        raise GateRefusedError(
            f"The model's WAPE {values['wape']:.4f} is not below {' and '.join(better)}.",
            "Train longer, on more windows, or with another model_type.",
        )
