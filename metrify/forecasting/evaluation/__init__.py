"""How good forecasts are: metrics, by group, with a test of their differences, and the protocol of origins."""

from metrify.forecasting.evaluation.metrics import (
    coverage,
    mean_interval_width,
    nrmse,
    pinball,
    wape,
    weighted_quantile_loss,
)

__all__ = ["coverage", "mean_interval_width", "nrmse", "pinball", "wape", "weighted_quantile_loss"]
