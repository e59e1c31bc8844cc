"""What the benchmark compares computes the same, in a process of its own, too."""

import os

import numpy as np
import pytest

from metrify.cli.bench.panel_engines import ENGINES
from metrify.cli.bench.panel_process import draw_loads, measure_panel

METERS, HOURS = 3, 500


@pytest.mark.parametrize("peer", sorted(ENGINES.keys() - {"metrify"}))
def test_peers_compute_the_same_features(peer: str) -> None:
    matrix = draw_loads(METERS, HOURS)
    ours, theirs = ENGINES["metrify"](matrix), ENGINES[peer](matrix)
    assert set(ours) == set(theirs)
    for name, values in theirs.items():
        by_meter = values.T if peer == "wide pandas" else values.reshape(METERS, HOURS)
        np.testing.assert_allclose(by_meter, ours[name], rtol=1e-5, atol=1e-6, err_msg=name)


def test_a_process_tells_what_a_panel_took() -> None:
    cost = measure_panel("metrify", METERS, HOURS, 2, os.environ)
    assert len(cost.cpu_seconds) == 2
    assert cost.output_bytes == 20 * METERS * HOURS * np.dtype(np.float32).itemsize
