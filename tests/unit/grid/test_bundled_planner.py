"""Plans by a bundle."""

from pathlib import Path

import numpy as np
import pytest

from metrify.bundles.load import load_bundle
from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
from metrify.errors import BundleError
from metrify.grid.bundled_feeder import BundledFeeder, read_bundled_feeder
from metrify.grid.bundled_planner import BundledPlanner
from metrify.grid.expected_hours import element_meters, expect_hours, usual_kvar_per_kw
from metrify.grid.feeder import Profiles
from metrify.grid.plan_values import set_in_kw
from metrify.grid.state import State

from ...grid_bundle import write_grid_bundle
from .made_up_feeder import ZONE, make_up_day, make_up_feeder

START = np.datetime64("2016-01-04T23:00", "s")


def bundled_by(folder: Path, controller: str) -> BundledFeeder:
    write_grid_bundle(folder, "one", make_up_feeder(20.0), ZONE, folder / "keys", controller, 0.1)
    return read_bundled_feeder(load_bundle(folder / "one", load_public_key(folder / "keys" / PUBLIC_KEY_FILE)))


def hours_of_day() -> Profiles:
    day = make_up_day()
    kw = np.concatenate([day.load_kw, day.pv_kw], axis=1).reshape(24, 4, 2).mean(axis=1)
    return expect_hours(make_up_feeder(), START, kw.T).profiles(np.array([0.1]))


def test_the_bundle_says_what_is_set_in_which_order(tmp_path: Path) -> None:
    bundled = bundled_by(tmp_path, "model_predictive")
    assert bundled.elements == ("battery/battery", "curtailed/pv", "shifted/load")
    assert element_meters(bundled.feeder) == ["line/load", "line/pv"]
    planned = BundledPlanner(bundled).plan(hours_of_day(), State.empty(bundled.feeder), 0.0)
    assert tuple(set_in_kw(bundled.feeder, planned.plan.setpoints)) == bundled.elements


@pytest.mark.parametrize("controller", ["learnt", "model_predictive"])
def test_who_the_bundle_names_decides_each_hour(tmp_path: Path, controller: str) -> None:
    bundled = bundled_by(tmp_path, controller)
    planned = BundledPlanner(bundled).plan(hours_of_day(), State.empty(bundled.feeder), 0.0)
    assert planned.plan.controller == controller and len(planned.plan.setpoints) == 24
    assert planned.plan.settlement.violations == 0 and planned.decision_ms.shape == (24,)
    np.testing.assert_allclose(planned.plan.expected.load_kvar, 0.1 * planned.plan.expected.load_kw)


def test_a_rule_decides_where_something_is_missing(tmp_path: Path) -> None:
    bundled = bundled_by(tmp_path, "model_predictive")
    plan = BundledPlanner(bundled).plan(hours_of_day(), State.empty(bundled.feeder), 0.0, degraded_reason="no").plan
    assert (plan.controller, plan.degraded, plan.degraded_reason) == ("self_consumption", True, "no")


def test_forecasts_are_powers_within_the_ratings() -> None:
    found = expect_hours(make_up_feeder(), START, np.array([[-1.0, 2.0], [3.0, 99.0]]))
    np.testing.assert_array_equal(found.load_kw, [[0], [2]])
    np.testing.assert_array_equal(found.pv_kw, [[3], [60]])


def test_what_loads_usually_draw_is_0_where_they_draw_nothing() -> None:
    assert usual_kvar_per_kw(make_up_day()).tolist() == [0]


def test_a_bundle_without_a_feeder_is_refused(tmp_path: Path) -> None:
    bundled = bundled_by(tmp_path, "learnt")
    bundle = load_bundle(tmp_path / "one", load_public_key(tmp_path / "keys" / PUBLIC_KEY_FILE))
    (bundle.folder / "feeder.json").unlink()
    with pytest.raises(BundleError, match=f"{bundled.version} holds no feeder"):
        read_bundled_feeder(bundle)
