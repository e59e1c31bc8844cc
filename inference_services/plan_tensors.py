"""The tensors between the transformer and the predictor of a feeder, and what both answer with."""

from inference_services.tensors import TensorTypes
from metrify.grid.bundled_feeder import BundledFeeder
from metrify.grid.feeder import Feeder

LOAD, PV, START, IS_KNOWN = "load_kw", "pv_kw", "start", "is_known"
STORED, PEAK, TAP = "stored_kwh", "peak_kw", "tap_position"
STATE_INPUTS = (STORED, PEAK, TAP)  # which clients may send, too


def expected_inputs(feeder: Feeder) -> TensorTypes:
    """What is expected of N rows and H hours."""
    return {
        LOAD: ("FP32", [-1, len(feeder.load_names), -1]),
        PV: ("FP32", [-1, len(feeder.pv_names), -1]),
        START: ("INT64", [-1]),  # seconds since 1970, UTC
        IS_KNOWN: ("BOOL", [-1]),  # whether it is a forecast; a rule decides where not
    }


def state_inputs(feeder: Feeder) -> TensorTypes:
    """What is known of N rows when they begin."""
    return {STORED: ("FP32", [-1, len(feeder.batteries)]), PEAK: ("FP32", [-1]), TAP: ("INT32", [-1])}


def plan_outputs(bundled: BundledFeeder) -> TensorTypes:
    """N plans of H hours."""
    return {
        "setpoints_kw": ("FP32", [-1, len(bundled.elements), -1]),
        "pv_kvar": ("FP32", [-1, len(bundled.feeder.pv_names), -1]),
        TAP: ("INT32", [-1, -1]),
        "saving_eur": ("FP32", [-1]),
        "cost_eur": ("FP32", [-1]),
        PEAK: ("FP32", [-1]),
        "losses_kwh": ("FP32", [-1]),
        "lowest_voltage_pu": ("FP32", [-1]),
        "highest_voltage_pu": ("FP32", [-1]),
        "highest_loading_percent": ("FP32", [-1]),
        "violations": ("INT32", [-1]),
        "decision_ms": ("FP32", [-1]),  # of the slowest decision
        "controller": ("BYTES", [-1]),
        "reasons": ("BYTES", [-1]),  # JSON: actions with their reasons, limits that bind, and those that are not kept
    }
