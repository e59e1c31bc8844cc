"""What an evaluation says: the metrics of the model beside those of what it is compared with, and tidy tables."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from metrify.errors import ForecastError
from metrify.forecasting.evaluation.by_group import metrics_by_district, metrics_by_interval, metrics_by_meter
from metrify.forecasting.evaluation.diebold_mariano import diebold_mariano
from metrify.forecasting.evaluation.loss_sums import LossSums
from metrify.forecasting.evaluation.streamed import StreamedScores

MODEL, SEASONAL_NAIVE, PERSISTENCE, CHAMPION = "model", "seasonal_naive", "persistence", "champion"
UNCALIBRATED = "uncalibrated"  # the model without the calibration of its intervals
RIVALS = (SEASONAL_NAIVE, PERSISTENCE, CHAMPION)

METER_SCOPE, DISTRICT_SCOPE, INTERVAL_SCOPE = "meter", "district", "interval"
_OF_INTERVALS = ("coverage", "interval_width_kwh", "pinball")


def summarise_scores(scores: Mapping[str, StreamedScores], horizon_days: int) -> dict[str, float]:
    """The metrics of an evaluation.

    Args:
        scores: By name; `model` and the baselines are there, the champion and the uncalibrated model perhaps.
        horizon_days: The horizon in steps between origins, rounded up.

    Returns:
        The model's own by name, `wape_*` and `pinball_*` of each rival, `dm_p_*` where the Diebold-Mariano test has a
        verdict: the one-sided p-value of the model's absolute error being no lower; and `*_uncalibrated`.

    Raises:
        ForecastError: The load of the rows sums to zero.
    """
    metrics = scores[MODEL].metrics()
    for rival in RIVALS:
        if rival not in scores:
            continue
        theirs = scores[rival].metrics()
        metrics |= {f"{name}_{rival}": theirs[name] for name in ("wape", "pinball")}
        metrics |= _p_value(scores[MODEL], scores[rival], rival, horizon_days)
    if UNCALIBRATED in scores:
        before = scores[UNCALIBRATED].metrics()
        metrics |= {f"{name}_{UNCALIBRATED}": before[name] for name in _OF_INTERVALS}
    return metrics


def tabulate_scores(sums: LossSums, meter_ids: np.ndarray, districts: np.ndarray) -> pd.DataFrame:
    """The metrics of each meter, district and interval of the horizon.

    Args:
        sums: Of the model, `[M, H]`.
        meter_ids: `[M]`.
        districts: `[M]` the district of each meter, empty where it has none.

    Returns:
        `scope` (meter, district or interval), `group`, `metric`, `value`, NaN where it is not defined, `rows` and
        `meters`, how many of either the value is of.
    """
    meters_in = pd.Series(districts).value_counts()
    by_scope = {
        METER_SCOPE: metrics_by_meter(sums, meter_ids).assign(meters=1),
        DISTRICT_SCOPE: metrics_by_district(sums, districts),
        INTERVAL_SCOPE: metrics_by_interval(sums).assign(meters=int((sums.rows > 0).sum())),
    }
    by_scope[DISTRICT_SCOPE]["meters"] = by_scope[DISTRICT_SCOPE]["group"].map(meters_in)
    tables = [table.assign(scope=scope, group=table["group"].astype(str)) for scope, table in by_scope.items()]
    return pd.concat(tables, ignore_index=True)[["scope", "group", "metric", "value", "rows", "meters"]]


def _p_value(model: StreamedScores, rival: StreamedScores, name: str, horizon_days: int) -> dict[str, float]:
    ours, theirs = model.loss_by_origin(), rival.loss_by_origin()
    try:
        # One day's errors tell those of the next, so the variance is that of Newey and West.
        test = diebold_mariano(ours, theirs, np.arange(len(ours)), horizon_days, kernel="bartlett")
    except ForecastError as error:
        print(f"no Diebold-Mariano test against {name}: {error}", flush=True)
        return {}
    return {f"dm_p_{name}": test.p_value}
