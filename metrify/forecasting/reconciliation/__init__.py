"""Forecasts of meters, feeders, districts and the total that add up."""

from metrify.forecasting.reconciliation.error_covariance import (
    ErrorCovariance,
    shrunk_covariance,
    structural_covariance,
    variance_covariance,
)
from metrify.forecasting.reconciliation.hierarchy import Hierarchy, build_hierarchy
from metrify.forecasting.reconciliation.meter_forecasts import set_negative_to_zero, shift_quantiles
from metrify.forecasting.reconciliation.min_trace import reconcile

__all__ = [
    "ErrorCovariance",
    "Hierarchy",
    "build_hierarchy",
    "reconcile",
    "set_negative_to_zero",
    "shift_quantiles",
    "shrunk_covariance",
    "structural_covariance",
    "variance_covariance",
]
