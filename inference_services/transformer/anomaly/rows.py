"""Finds the meters of which the day that is asked for can be judged."""

import numpy as np

from inference_services.transformer.anomaly.request import DayRequest
from inference_services.transformer.rows import SHORT, PreparedWindows, Refusal, Rows, choose_rows
from metrify.adapters.meter_windows import MeterWindows
from metrify.anomaly.stored_days import Unjudged, cut_days
from metrify.errors import MissingReadingsError, UnknownDayError
from metrify.features.batch import FeatureContext

_REFUSALS = {
    None: None,
    Unjudged.NO_SUCH_DAY: Refusal(Unjudged.NO_SUCH_DAY.value, UnknownDayError),
    Unjudged.SHORT: SHORT,
    Unjudged.MISSING: Refusal(Unjudged.MISSING.value, MissingReadingsError),
}


def find_rows(
    request: DayRequest, pseudonyms: list[str], found: MeterWindows, context: FeatureContext, most_missing: float
) -> Rows:
    """Chooses the rows that can be answered; gaps stay as they are.

    Args:
        request: What the client asks for.
        pseudonyms: `[N]` of its meters.
        found: What the store holds of them.
        context: Of the bundle.
        most_missing: Share of a day's readings.

    Raises:
        FeatureStoreError: The store could not be asked for a meter, and `partial` is off or nothing is left.
        UnknownMeterError: A meter is unknown, and `partial` is off or nothing is left.
        UnknownDayError: The store does not hold a day, likewise.
        InsufficientHistoryError: A day has too little before it, likewise.
        MissingReadingsError: A day has too few readings, likewise.
    """

    def prepare(known: np.ndarray) -> PreparedWindows:
        days = None if request.days is None else request.days[known]
        cut = cut_days(found.windows[known], found.ends[known], days, context, most_missing)
        refusals = np.full(len(known), None, object)
        refusals[:] = [_REFUSALS[unjudged] for unjudged in cut.unjudged]
        return PreparedWindows(cut.windows, cut.ends, refusals, cut.reasons, cut.history_days, cut.measured_share)

    return choose_rows(request, pseudonyms, found, prepare)
