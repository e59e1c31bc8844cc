"""The section of a model card that says how good the model is on feeders, districts and the total."""

from collections.abc import Mapping

from metrify.forecasting.evaluation.by_level import LEVELS, METHODS
from metrify.steps.markdown import markdown_table


def levels_section(metrics: Mapping[str, float]) -> str:
    """The WAPE of each level of the hierarchy and each method.

    Args:
        metrics: Of `evaluate_forecaster`.
    """
    rows = [
        [level, *(metrics[f"wape_{level}_{method}"] for method in METHODS)]
        for level in LEVELS
        if f"wape_{level}_{METHODS[0]}" in metrics
    ]
    if not rows:
        return "Sums of meters were not judged; the log of the evaluation says why."
    return (
        f"WAPE of the means of {metrics['hierarchy_meters']:.0f} meters, and of their sums, at the last "
        f"{metrics['hierarchy_origins']:.0f} test origins. {metrics['hierarchy_meters_left_out']:.0f} test meters are "
        "left out, as they lack origins or are beyond the number that is compared.\n\n"
        f"{markdown_table(['level', 'base', 'bottom-up', 'MinT'], rows)}\n\n"
        "base: the model asked for the sum as if it were one meter; bottom-up: forecasts of the meters, summed; MinT: "
        "both reconciled by the errors of the test origins before. Meters were trained on, sums were not."
    )
