"""The predictor of a feeder: what is no graph of it, such as plans, projections and power flows, is solved here."""

import json

import numpy as np
from kserve.protocol.infer_type import InferRequest
from prometheus_client import REGISTRY, CollectorRegistry, Histogram

from inference_services.feeder_states import read_states
from inference_services.plan_tensors import (
    IS_KNOWN,
    LOAD,
    PV,
    START,
    expected_inputs,
    plan_outputs,
    state_inputs,
)
from inference_services.predictor.tensor_model import TensorModel
from inference_services.tensors import TensorTypes, require_inputs, require_same_rows, typed_tensor
from metrify.bundles.load import Bundle
from metrify.errors import InvalidRequestError
from metrify.grid.bundled_feeder import read_bundled_feeder
from metrify.grid.bundled_planner import BundledPlanner, TimedPlan
from metrify.grid.expected_hours import ExpectedHours
from metrify.grid.plan_values import reason_values, set_in_kw

_MOST_HOURS = 7 * 24
_DTYPES = {"FP32": np.float32, "INT32": np.int32, "BYTES": object}
_NO_FORECAST = "there is no forecast"
_BUCKETS = (0.0005, 0.001, 0.002, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.05, 0.1)


class GridPredictor(TensorModel):
    """Plans the next hours of one bundle's feeder.

    Args:
        name: Name in the v2 protocol.
        bundle: A verified bundle.
        registry: Where the metrics go.

    Raises:
        BundleError: The bundle holds no feeder, or not what serving needs to know of it.
        GridError: The model is none of the feeder.
    """

    def __init__(self, name: str, bundle: Bundle, registry: CollectorRegistry = REGISTRY) -> None:
        super().__init__(name, bundle.manifest.version, workers=1)  # the planner keeps a solver
        self._bundled = read_bundled_feeder(bundle)
        self._planner = BundledPlanner(self._bundled)
        self._seconds = Histogram(
            "metrify_grid_decision_seconds", "Wall time of a decision.", registry=registry, buckets=_BUCKETS
        )
        self.ready = True

    @property
    def input_types(self) -> TensorTypes:
        """See `expected_inputs` and `state_inputs`."""
        return expected_inputs(self._bundled.feeder) | state_inputs(self._bundled.feeder)

    @property
    def output_types(self) -> TensorTypes:
        """See `plan_outputs`."""
        return plan_outputs(self._bundled)

    def compute(self, request: InferRequest) -> dict[str, np.ndarray]:
        """See `TensorModel`; rows are planned one after the other.

        Raises:
            InvalidRequestError: An input is missing, unknown, or of a wrong type, shape or value.
            PowerFlowError: An hour has no solution.
            GridError: A plan has none.
        """
        require_inputs(request, set(self.input_types))
        expected = expected_inputs(self._bundled.feeder)
        values = {
            item.name: typed_tensor(item, *expected[item.name]) for item in request.inputs if item.name in expected
        }
        require_same_rows(values)
        _require_hours(values)
        rows = len(values[START])
        states, planned = read_states(request, self._bundled.feeder, rows), []
        for row in range(rows):
            start = np.datetime64(int(values[START][row]), "s")
            done = self._planner.plan(
                ExpectedHours(start, values[LOAD][row].T, values[PV][row].T).profiles(self._bundled.kvar_per_kw),
                states.state(row, self._bundled.feeder),
                float(states.peak_kw[row]),
                degraded_reason="" if values[IS_KNOWN][row] else _NO_FORECAST,
            )
            for spent_ms in done.decision_ms:
                self._seconds.observe(spent_ms / 1000)
            planned.append(self._row(done))
        return {
            name: np.stack([values[name] for values in planned]).astype(_DTYPES[dtype])
            for name, (dtype, _) in self.output_types.items()
        }

    def _row(self, done: TimedPlan) -> dict[str, np.ndarray]:
        plan = done.plan
        figures = {name: planned for name, (_, planned, _) in plan.figures.items()}
        in_kw = set_in_kw(self._bundled.feeder, plan.setpoints)
        values = {
            "setpoints_kw": np.reshape([in_kw[name] for name in self._bundled.elements], (len(in_kw), -1)),
            "pv_kvar": plan.setpoints.pv_kvar.T,
            "tap_position": plan.setpoints.tap_position,
            "saving_eur": plan.saving_eur,
            "cost_eur": figures["cost"],
            "peak_kw": figures["peak"],
            "losses_kwh": figures["losses"],
            "lowest_voltage_pu": figures["lowest_voltage"],
            "highest_voltage_pu": figures["highest_voltage"],
            "highest_loading_percent": figures["highest_loading"],
            "violations": figures["violations"],
            "decision_ms": done.decision_ms.max(),
            "controller": plan.controller,
            "reasons": json.dumps(reason_values(plan)),
        }
        return {name: np.asarray(value) for name, value in values.items()}


def _require_hours(values: dict[str, np.ndarray]) -> None:
    load, pv = values[LOAD], values[PV]
    if load.shape[2] != pv.shape[2] or not 1 <= load.shape[2] <= _MOST_HOURS:
        raise InvalidRequestError(
            f"Inputs {LOAD} and {PV} have {load.shape[2]} and {pv.shape[2]} hours.",
            f"Send the same number of hours, 1 to {_MOST_HOURS}.",
        )
    for name, array in ((LOAD, load), (PV, pv)):
        if not (np.isfinite(array) & (array >= 0)).all():
            raise InvalidRequestError(f"Input {name} has values that are no power.", "Send finite kW, 0 or more.")
