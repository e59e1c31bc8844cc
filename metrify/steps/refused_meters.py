"""Lists the meters that a batch can't forecast, each with the reason."""

import numpy as np
import pyarrow as pa

from metrify.adapters.planned_windows import PlannedWindows, WindowPlan
from metrify.features.complete_windows import CompletedWindows
from metrify.forecasting.forecast_table import REFUSED_SCHEMA, utc_stamps

_NOT_STORED = "the feature store has no window of it: rejected by the quality check, or not materialised yet"
_NO_WINDOW = "no window ends at the origin"


def list_without_window(meters: pa.Array, plan: WindowPlan, ends: np.ndarray) -> pa.Table:
    """Meters that the store does not know, and meters without a window at one of the origins.

    Args:
        meters: `[M]` all meters of the shard.
        plan: The windows that were found of them.
        ends: `[E]` the origins that were asked for; none where the newest windows were.

    Returns:
        `meter_id`, `origin` (none for a meter that is unknown) and `reason`.
    """
    unknown = np.flatnonzero(~plan.is_stored)
    nowhere = np.full(len(unknown), np.datetime64("NaT", "s"))
    parts = [_rows(meters, unknown, nowhere, [_NOT_STORED] * len(unknown))]
    for end in ends:
        lacking = np.setdiff1d(np.flatnonzero(plan.is_stored), plan.meters[plan.ends == end])
        parts.append(_rows(meters, lacking, np.full(len(lacking), end), [_NO_WINDOW] * len(lacking)))
    return pa.concat_tables(parts)


def list_without_history(meters: pa.Array, found: PlannedWindows, windows: CompletedWindows) -> pa.Table:
    """Meters whose window lacks readings and can't be completed.

    Args:
        meters: `[M]` all meters of the shard.
        found: `[n]` windows, as long as the model reads.
        windows: `[n]` what became of them.

    Returns:
        `meter_id`, `origin` and `reason`.
    """
    lacking = np.flatnonzero(~windows.is_usable)
    reasons = [f"insufficient history: {reason}" for reason in windows.reasons[lacking]]
    return _rows(meters, found.meters[lacking], found.ends[lacking], reasons)


def _rows(meters: pa.Array, numbers: np.ndarray, origins: np.ndarray, reasons: list[str]) -> pa.Table:
    columns = [meters.take(pa.array(numbers)), utc_stamps(origins), pa.array(reasons, pa.string())]
    return pa.table(columns, schema=REFUSED_SCHEMA)
