"""How many meter-days a detector judges in a CPU second, its features included."""

import time
from dataclasses import dataclass

import numpy as np

from metrify.anomaly.detector_model import DetectorModel
from metrify.anomaly.meter_days import MeterDays

_DAYS, _REPEATS = 8_192, 3


@dataclass(frozen=True)
class DaySpeed:
    """CPU microseconds of a meter-day.

    Attributes:
        features: To cut its window and compute what the graph reads.
        graph: To run the graph in batches, on one thread.
    """

    features: float
    graph: float

    @property
    def days_per_cpu_second(self) -> float:
        """Of both together."""
        return 1e6 / (self.features + self.graph)


def measure_day_speed(model: DetectorModel, days: MeterDays) -> DaySpeed:
    """Measures a graph on days of the judged meters, the best of some repeats after one that is not counted."""
    meters, numbers = (np.resize(index.ravel(), _DAYS) for index in np.indices(days.shape))
    of_features, of_graph = [], []
    for _ in range(_REPEATS + 1):
        began = time.process_time()
        features = days.features(model.input_names, meters, numbers)
        between = time.process_time()
        model.predict(features)
        of_features.append(between - began)
        of_graph.append(time.process_time() - between)
    return DaySpeed(*(1e6 * min(spent[1:]) / _DAYS for spent in (of_features, of_graph)))
