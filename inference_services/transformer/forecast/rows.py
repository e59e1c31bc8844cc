"""Finds the rows that can be forecast, and completes their windows."""

import numpy as np

from inference_services.transformer.forecast.request import ForecastRequest
from inference_services.transformer.rows import SHORT, PreparedWindows, Rows, choose_rows
from metrify.adapters.meter_windows import MeterWindows
from metrify.errors import InvalidRequestError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.cold_start import ColdStartProfile
from metrify.features.complete_windows import complete_windows
from metrify.features.windows import cut_stored


def find_rows(
    request: ForecastRequest,
    pseudonyms: list[str],
    found: MeterWindows,
    context: FeatureContext,
    profile: ColdStartProfile | None,
) -> Rows:
    """Chooses the rows that can be answered, and completes windows that lack readings.

    Args:
        request: What the client asks for.
        pseudonyms: `[N]` of its meters.
        found: What the store holds of them.
        context: Of the bundle: how much the model reads.
        profile: Of the bundle: what windows are completed by.

    Raises:
        FeatureStoreError: The store could not be asked for a meter, and `partial` is off or nothing is left.
        UnknownMeterError: A meter is unknown, and `partial` is off or nothing is left.
        InsufficientHistoryError: A window lacks too much, and `partial` is off or nothing is left.
        InvalidRequestError: An origin is not the one that the store holds.
    """

    def prepare(known: np.ndarray) -> PreparedWindows:
        windows, ends = cut_stored(found.windows[known], context.sequence_length), found.ends[known]
        done = complete_windows(FeatureBatch(windows, ends, context), profile)
        refusals = np.where(done.is_usable, None, SHORT)  # type: ignore[call-overload]
        return PreparedWindows(done.windows, ends, refusals, done.reasons, done.history_days, done.measured_share)

    rows = choose_rows(request, pseudonyms, found, prepare)
    _require_origins(request, rows)
    return rows


def _require_origins(request: ForecastRequest, rows: Rows) -> None:
    if request.origins is None:
        return
    asked = request.origins[rows.places]
    wrong = np.flatnonzero(asked != rows.origins)
    if len(wrong):
        row = wrong[0]
        raise InvalidRequestError(
            f"Input origin asks for {asked[row]}Z of meter {rows.meters[row]}.",
            f"The store holds the origin {rows.origins[row]}Z; ask for that, or leave origin out.",
        )
