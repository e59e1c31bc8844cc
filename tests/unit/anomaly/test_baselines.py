"""Rules that need no training."""

import numpy as np

from metrify.anomaly.baselines import BASELINES, same_hour_z_score, score_by_rule, z_score
from metrify.anomaly.meter_days import find_meter_days
from tests.unit.anomaly.made_up_days import make_up_matrix


def test_a_days_load_is_told_in_deviations_of_the_days_before() -> None:
    levels = np.array([1.0, 3.0, 1.0, 3.0, 6.0])  # mean 2, deviation 1
    np.testing.assert_allclose(z_score(np.repeat(levels[None, :, None], 24, axis=2)), [4.0], rtol=1e-6)


def test_the_reading_that_is_farthest_from_its_clock_time_counts() -> None:
    days = np.tile(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 3.0])[:, None], (1, 4))[None]
    days[0, -1, 2] = 9.0  # median 3, absolute deviations 2 1 0 1 2
    np.testing.assert_allclose(same_hour_z_score(days), [6 / 1.4826], rtol=1e-6)


def test_days_without_readings_score_nothing_and_all_others_a_number() -> None:
    matrix = make_up_matrix(3, 60, seed=0)
    matrix.kwh[0, -48:] = np.nan
    days = find_meter_days(matrix, 28, "Europe/London", "GB")
    for rule in BASELINES.values():
        scores = score_by_rule(days, rule)
        assert scores.shape == days.shape and np.isfinite(scores).all()
        assert scores[0, -1] == 0 and scores[1].min() > 0
