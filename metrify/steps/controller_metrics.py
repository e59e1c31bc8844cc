"""What the evaluation of a controller says: its part of the possible saving beside that of others, and what it does."""

from collections.abc import Mapping, Sequence

import numpy as np

from metrify.errors import GridError
from metrify.grid.evaluation import saving_ratio
from metrify.grid.run_weeks import ControlledWeek

NONE, SELF_CONSUMPTION, CHAMPION, PERFECT_FORESIGHT = "none", "self_consumption", "champion", "perfect_foresight"
_PERCENTILE = 99


def controller_metrics(
    ran: Mapping[str, Sequence[ControlledWeek]], best: Sequence[ControlledWeek], chosen: str
) -> dict[str, float]:
    """The metrics of an evaluation, over all of its weeks together.

    Args:
        ran: The same weeks by controller; `none` and the chosen one are there.
        best: Of perfect foresight.
        chosen: Who decides when the bundle is served.

    Returns:
        `saving_ratio` of the chosen one, that of each other by name and of each week by month; `violations`,
        `out_of_band_steps` and `cost_eur_per_week` likewise; peaks as the mean of weekly ones; and the time of
        decisions, which only informs.

    Raises:
        GridError: Even perfect foresight saves nothing, so that nothing can be judged.
    """
    costs = {name: _sum(weeks, "cost_eur") for name, weeks in ran.items()} | {PERFECT_FORESIGHT: _sum(best, "cost_eur")}
    if not costs[PERFECT_FORESIGHT] < costs[NONE]:
        raise GridError(
            f"Nothing can be saved: the weeks cost {costs[NONE]:.2f} EUR without control, and "
            f"{costs[PERFECT_FORESIGHT]:.2f} EUR with perfect foresight.",
            "Add storages or shiftable loads to the feeder, or look at the prices in the section grid.tariff.",
        )
    ratios = {name: saving_ratio(costs[NONE], costs[name], costs[PERFECT_FORESIGHT]) for name in ran}
    own = ran[chosen]
    metrics = {"saving_ratio": ratios[chosen]}
    metrics |= {f"saving_ratio_{name}": ratio for name, ratio in ratios.items()}
    metrics |= {"violations": _sum(own, "violations")}
    metrics |= {f"violations_{name}": _sum(weeks, "violations") for name, weeks in ran.items()}
    metrics |= {f"cost_eur_per_week_{name}": cost / len(own) for name, cost in costs.items()}
    metrics |= {f"peak_kw_{name}": _sum(weeks, "peak_kw") / len(own) for name, weeks in ran.items()}
    metrics |= {
        "cost_eur_per_week": costs[chosen] / len(own),
        "peak_kw": _sum(own, "peak_kw") / len(own),
        "losses_kwh_per_week": _sum(own, "losses_kwh") / len(own),
        "curtailed_kwh_per_week": _sum(own, "curtailed_kwh") / len(own),
        "out_of_band_steps": _sum(own, "out_of_band"),
        "out_of_band_steps_none": _sum(ran[NONE], "out_of_band"),
        "evaluated_weeks": float(len(own)),
    }
    for name in ran:
        if name not in (NONE, SELF_CONSUMPTION):
            metrics[f"decision_p99_ms_{name}"] = _slowest_ms(ran[name])
    metrics["decision_p99_ms"] = _slowest_ms(own)
    return metrics | _by_month(ran[NONE], own, best)


def _sum(weeks: Sequence[ControlledWeek], name: str) -> float:
    return float(sum(getattr(week.settled, name) for week in weeks))


def _slowest_ms(weeks: Sequence[ControlledWeek]) -> float:
    return float(np.percentile(np.concatenate([week.decision_ms for week in weeks]), _PERCENTILE))


def _by_month(
    none: Sequence[ControlledWeek], own: Sequence[ControlledWeek], best: Sequence[ControlledWeek]
) -> dict[str, float]:
    """The ratio of each week, where there is something to save in it."""
    costs = {
        one.week.month: [week.settled.cost_eur for week in (one, *others)]
        for one, *others in zip(none, own, best, strict=True)
    }
    return {
        f"saving_ratio_month_{month:02d}": saving_ratio(*cost) for month, cost in costs.items() if cost[0] > cost[2]
    }
