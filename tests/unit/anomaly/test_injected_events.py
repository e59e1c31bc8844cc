"""Events that are put into half of the meters."""

import numpy as np
import pytest

from metrify.anomaly.injected_events import inject_events
from metrify.anomaly.kinds import FAULTS
from metrify.anomaly.meter_days import find_meter_days
from tests.unit.anomaly.made_up_days import make_up_matrix


@pytest.mark.parametrize("seed", range(3))
def test_half_of_the_meters_have_one_event_each_and_only_its_days_are_changed(seed: int) -> None:
    days = find_meter_days(make_up_matrix(36, 130, seed), 28, "Europe/London", "GB")
    injected = inject_events(days, FAULTS, seed)
    assert len(set(injected.events.meters)) == len(injected.events) == 18
    assert set(np.unique(injected.events.kinds, return_counts=True)[1]) == {2}
    before, after = days.matrix.kwh.astype(np.float32), injected.days.matrix.kwh
    changed = ~((before == after) | (np.isnan(before) & np.isnan(after)))
    by_day = np.zeros(days.shape, bool)
    for meter, column in zip(*np.nonzero(changed), strict=True):
        by_day[meter, days.day_of(column)] = True
    assert not (by_day & ~injected.events.labels(days.shape)).any()
    touched = [by_day[meter].any() for meter in injected.events.meters]
    assert np.mean(touched) > 0.8  # a clock shift or a stuck register may hit readings that are alike


def test_kinds_take_turns_over_draws_of_few_meters() -> None:
    days, turns, kinds = find_meter_days(make_up_matrix(5, 130, 0), 28, "Europe/London", "GB"), 0, []
    for draw in range(9):
        events = inject_events(days, FAULTS, draw, turns).events
        turns += len(events)
        kinds += events.kinds.tolist()
    assert sorted(kinds) == sorted(2 * [kind.value for kind in FAULTS])
