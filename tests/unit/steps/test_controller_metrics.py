from types import SimpleNamespace

import numpy as np
import pytest

from metrify.errors import GridError
from metrify.grid.evaluation import Week
from metrify.grid.run_weeks import ControlledWeek
from metrify.steps.controller_metrics import controller_metrics


def weeks(*costs: float, violations: int = 0) -> list[ControlledWeek]:
    """One in each month, with costs."""
    return [
        ControlledWeek(
            Week(month, 0, 4),
            None,  # type: ignore[arg-type]
            SimpleNamespace(  # type: ignore[arg-type]
                cost_eur=cost, violations=violations, peak_kw=cost / 2, losses_kwh=1.0, curtailed_kwh=0.0, out_of_band=1
            ),
            np.arange(4.0),
        )
        for month, cost in enumerate(costs, start=1)
    ]


RAN = {"none": weeks(100, 50), "self_consumption": weeks(90, 50), "learnt": weeks(70, 45, violations=1)}


def test_the_ratio_is_of_all_weeks_together() -> None:
    metrics = controller_metrics(RAN, weeks(60, 40), "learnt")
    assert metrics["saving_ratio"] == metrics["saving_ratio_learnt"] == pytest.approx(35 / 50)
    assert (metrics["saving_ratio_none"], metrics["saving_ratio_self_consumption"]) == (0, pytest.approx(10 / 50))
    assert metrics["saving_ratio_month_01"] == pytest.approx(30 / 40)
    assert metrics["saving_ratio_month_02"] == pytest.approx(5 / 10)
    assert (metrics["violations"], metrics["violations_none"]) == (2, 0)
    assert (metrics["cost_eur_per_week"], metrics["cost_eur_per_week_perfect_foresight"]) == (57.5, 50)
    assert metrics["peak_kw"] == metrics["peak_kw_learnt"] == 57.5 / 2


def test_a_week_in_which_nothing_can_be_saved_has_no_ratio_and_no_figure_is_nan() -> None:
    metrics = controller_metrics(RAN, weeks(60, 50), "learnt")
    assert "saving_ratio_month_01" in metrics and "saving_ratio_month_02" not in metrics
    assert np.isfinite(list(metrics.values())).all()


def test_where_nothing_can_be_saved_at_all_nothing_is_judged() -> None:
    with pytest.raises(GridError, match=r"150\.00 EUR without control, and 150\.00 EUR with perfect foresight"):
        controller_metrics(RAN, weeks(100, 50), "learnt")
