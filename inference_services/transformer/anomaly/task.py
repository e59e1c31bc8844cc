"""The anomaly detector: a score for a day of each meter, and what makes it."""

import numpy as np
from kserve.protocol.infer_type import InferRequest

from inference_services.tensors import TensorTypes
from inference_services.transformer.anomaly.request import CONTRIBUTION, DAY_INPUT, DayRequest, parse_request
from inference_services.transformer.anomaly.rows import find_rows
from inference_services.transformer.rows import Rows
from inference_services.transformer.tasks import Scored, Task, Values
from metrify.adapters.meter_windows import MeterWindows
from metrify.anomaly.contributions import alter_days, contributions
from metrify.anomaly.fitting_kinds import fitting_kinds, guess_faults, sure_faults
from metrify.anomaly.stored_days import judged_days, missing_share
from metrify.bundles.load import Bundle
from metrify.features.judged_day import days_by_clock

_SCORE, _IS_ANOMALY, _KIND_SHARE = "score", "is_anomaly", "kind_share"  # of the bundle
_KIND, _MISSING = "kind", "missing_share"
_ROWS_AT_ONCE = 16  # some hundred versions of their days: more at a time would keep other requests waiting


class DayTask(Task[DayRequest]):
    """Scores of meter-days by a bundle.

    Args:
        bundle: The control's.
    """

    own_input = DAY_INPUT
    legacy_outputs = {name: name for name in (_SCORE, _IS_ANOMALY, _KIND, DAY_INPUT, _MISSING)}  # noqa: RUF012
    legacy_parameters = {CONTRIBUTION: False}  # noqa: RUF012

    def __init__(self, bundle: Bundle) -> None:
        self._manifest = bundle.manifest
        self._most_missing = float(bundle.thresholds()["anomaly"]["max_missing_share"])
        (labels,) = (tensor.labels for tensor in bundle.manifest.outputs if tensor.name == _KIND_SHARE)
        self._kinds = labels

    @property
    def output_types(self) -> TensorTypes:
        """See `Task`."""
        return {
            _SCORE: ("FP32", [-1]),
            _IS_ANOMALY: ("BOOL", [-1]),
            CONTRIBUTION: ("FP32", [-1, self._manifest.forecast_horizon]),
            _KIND: ("BYTES", [-1]),
            DAY_INPUT: ("BYTES", [-1]),
            _MISSING: ("FP32", [-1]),
        }

    def parse(self, request: InferRequest) -> DayRequest:
        """See `Task`."""
        return parse_request(request)

    def find_rows(self, request: DayRequest, pseudonyms: list[str], found: MeterWindows) -> Rows:
        """See `Task`."""
        return find_rows(request, pseudonyms, found, self._manifest.context, self._most_missing)

    async def answer(self, request: DayRequest, scored: Scored) -> Values:
        """See `Task`."""
        values, batch = scored.values, scored.batch
        by_clock = days_by_clock(batch)
        history, judged = by_clock[:, :-1], by_clock[:, -1:]
        kinds = guess_faults(values[_KIND_SHARE], fitting_kinds(history, judged), self._kinds)
        is_anomaly = values[_IS_ANOMALY] | sure_faults(history, judged)
        days = judged_days(batch.origins, self._manifest.timezone)
        contribution = {CONTRIBUTION: await _explain(scored)} if request.with_contribution else {}
        return {
            _SCORE: values[_SCORE],
            _IS_ANOMALY: is_anomaly,
            **contribution,
            _KIND: np.where(is_anomaly, kinds, ""),
            DAY_INPUT: days.astype(str).astype(object),
            _MISSING: missing_share(batch),
        }


async def _explain(scored: Scored) -> np.ndarray:
    """What each reading of the days adds to their scores, `[N, T]` float32, as the rows' own variants say."""
    parts = []
    for first in range(0, len(scored.batch.origins), _ROWS_AT_ONCE):
        rows = np.arange(first, min(first + _ROWS_AT_ONCE, len(scored.batch.origins)))
        answer = await scored.ask_again(rows, alter_days)
        parts.append(contributions(answer[_SCORE].reshape(len(rows), -1)))
    return np.concatenate(parts)
