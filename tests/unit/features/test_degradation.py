"""Which rows are degraded, and what is said of them."""

import json

import numpy as np

from metrify.features.degradation import judge_rows

DAYS = np.array([28, 28, 3, 7 / 24], np.float32)
WINDOWS = np.array(["", "", "3 days of history", "0.29 days of history"], object)


def test_a_completed_window_and_faulty_weather_each_degrade_a_row_and_both_are_told() -> None:
    judged = judge_rows(WINDOWS, DAYS, ["", "no weather", "", "no weather"])
    assert judged.is_degraded.tolist() == [False, True, True, True]
    assert judged.listed(["a", "b", "c", "d"]) == [
        {"meter_id": "b", "history_days": 28, "reason": "no weather"},
        {"meter_id": "c", "history_days": 3, "reason": "3 days of history"},
        {"meter_id": "d", "history_days": 0.29, "reason": "0.29 days of history, no weather"},
    ]
    assert json.loads(json.dumps(judged.listed(list("abcd")))) == judged.listed(list("abcd"))


def test_a_model_that_reads_no_weather_lacks_none() -> None:
    assert judge_rows(WINDOWS, DAYS, []).is_degraded.tolist() == [False, False, True, True]
    nobody = judge_rows(WINDOWS[:0], DAYS[:0], [])
    assert nobody.is_degraded.dtype == bool
    assert nobody.listed([]) == []
