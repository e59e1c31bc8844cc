"""The benchmark of detectors, from folds to rows."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from metrify.anomaly.evaluation import TrueEvents
from metrify.anomaly.kinds import FAULTS, Kind
from metrify.cli.bench import app
from metrify.cli.bench.anomaly.folds import BenchDays, make_folds
from metrify.cli.bench.anomaly.kinds_told import kind_accuracy, vacancies_told
from metrify.cli.bench.anomaly.outcome import FoldOutcome, Outcome
from metrify.cli.bench.anomaly.pyod_detectors import PYOD, day_profiles, fit_pyod
from metrify.cli.bench.anomaly.rivals import CONTROLS, DETECTORS, choose_rivals
from metrify.config.anomaly_detection import AnomalyDetectionConfig
from metrify.errors import UsageError
from tests.unit.anomaly.made_up_days import DAY, make_up_days

_KINDS = list(Kind)


def test_a_quick_run_prints_the_rows_of_each_rival(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("training: {anomaly_detection: {model_type: isolation_forest}}")
    models = [word for name in ("random", "same_hour_z_score", "pyod_ecod") for word in ("--models", name)]
    command = ["anomaly", "--dataset", "simbench", "--quick", "--json", "--config", str(config), *models]
    run = CliRunner().invoke(app, command)
    assert run.exit_code == 0, run.exception
    rows = {row["name"].removeprefix("quick.anomaly."): row for row in json.loads(run.stdout)["rows"]}
    for name in ("isolation_forest", "random", "same_hour_z_score", "pyod_ecod"):
        assert 0 <= rows[f"{name}.event_recall"]["value"] <= 1 and 0 < rows[f"{name}.vus_pr"]["value"] < 1
    assert rows["event_recall"]["value"] == rows["isolation_forest.event_recall"]["value"]
    assert rows["isolation_forest.meter_days_per_cpu_second"]["value"] > 0
    assert "random.train_seconds" not in rows and rows["vus_pr"]["peer"] in CONTROLS
    assert rows["event_recall.zero"]["peer"] == "random"
    assert not any(row["target"] for row in rows.values() if row["name"].endswith("event_recall"))  # they are London's


def test_no_meter_of_a_fold_is_of_two_kinds_and_each_is_judged_once() -> None:
    days, config = make_up_days(23, 130), AnomalyDetectionConfig()
    judged: list[str] = []
    bench = BenchDays(days, None)
    for fold in make_folds(bench, config, 5):
        parts = [set(part.matrix.meter_ids) for part in (fold.fitted, fold.kept, fold.judged.days)]
        assert sum(map(len, parts)) == len(set.union(*parts)) == 23
        np.testing.assert_array_equal(fold.fitted.matrix.kwh, _of(days, fold.fitted.matrix.meter_ids))
        np.testing.assert_array_equal(fold.kept.matrix.kwh, _of(days, fold.kept.matrix.meter_ids))
        assert fold.vacant is not None and set(fold.vacant.events.kinds) == {"vacancy"}
        assert set(fold.judged.events.kinds) <= set(FAULTS)
        judged += list(fold.judged.days.matrix.meter_ids)
    assert sorted(judged) == sorted(days.matrix.meter_ids)
    again = [fold.judged.days.matrix.kwh for fold in make_folds(bench, config, 5)]
    for fold, kwh in zip(make_folds(bench, config, 5), again, strict=True):
        np.testing.assert_array_equal(fold.judged.days.matrix.kwh, kwh)


def test_labels_take_the_place_of_events_that_are_put_in() -> None:
    days = make_up_days(11, 80)
    labels = TrueEvents(np.array([2, 7, 7]), np.array([1, 4, 20]), np.array([3, 5, 30]), np.array(["zero"] * 3))
    seen = []
    for fold in make_folds(BenchDays(days, labels), AnomalyDetectionConfig(), 5):
        own, events = fold.judged.days, fold.judged.events
        assert fold.vacant is None
        np.testing.assert_array_equal(own.matrix.kwh, _of(days, own.matrix.meter_ids))
        seen += list(zip(own.matrix.meter_ids[events.meters], events.begins, events.ends, strict=True))
    assert sorted(seen) == [("meter-2", 1, 3), ("meter-7", 4, 5), ("meter-7", 20, 30)]


def _of(days: object, meter_ids: np.ndarray) -> np.ndarray:
    matrix = days.matrix  # type: ignore[attr-defined]
    return matrix.kwh[[list(matrix.meter_ids).index(meter) for meter in meter_ids]]


def make_fold(anomalous: list[list[int]], events: TrueEvents, kinds: list[list[int]] | None = None) -> FoldOutcome:
    scores = np.array(anomalous, float)
    told = None if kinds is None else np.array(kinds)
    return FoldOutcome(scores, events, 0.5, 1.0, told, scores, events, told)


def test_alarms_of_all_folds_are_judged_together() -> None:
    event = TrueEvents(np.array([0]), np.array([1]), np.array([3]), np.array(["zero"]))
    found = make_fold([[0, 1, 1, 0, 0], [0, 0, 0, 0, 0]], event)
    missed = make_fold([[0, 0, 0, 0, 1], [1, 0, 0, 0, 0]], event)
    outcome = Outcome("some", [found, missed], 1)
    metrics = outcome.metrics
    assert (metrics.events, metrics.recall, metrics.alarms, metrics.false_alarms) == (2, 0.5, 3, 2)
    months = 10 / (365.25 / 12)  # of the two meters without an event
    assert outcome.calibration(1.0).ratio == pytest.approx(1 / months)


def test_kinds_are_judged_by_the_anomalous_days_of_events() -> None:
    event = TrueEvents(np.array([0]), np.array([1]), np.array([4]), np.array(["zero"]))
    theft, vacancy = (_KINDS.index(kind) for kind in (Kind.THEFT, Kind.VACANCY))
    for scores, accuracy in (([0, 1, 1, 0], 1), ([0, 0, 0, 1], 0)):
        named = replace(make_fold([scores], event), kinds=np.array([["theft", "zero", "zero", "theft"]], object))
        assert kind_accuracy(Outcome("some", [named], 1)) == accuracy
    empty = TrueEvents(np.array([0]), np.array([1]), np.array([4]), np.array(["vacancy"]))
    told = make_fold([[0, 0, 0, 0]], empty, [[theft, vacancy, vacancy, theft]])
    assert vacancies_told(Outcome("some", [told], 1)) == (0.0, pytest.approx(2 / 3))


def test_the_configured_detector_comes_first_and_an_unknown_one_is_named() -> None:
    assert choose_rivals(("random", "autoencoder"), "ensemble") == ("ensemble", "random", "autoencoder")
    assert set(choose_rivals((), "ensemble")) == {*DETECTORS, *CONTROLS}
    with pytest.raises(UsageError, match="no detector forest"):
        choose_rivals(("forest",), "ensemble")


@pytest.mark.parametrize("name", PYOD)
def test_pyod_sees_a_day_that_is_far_from_all_others(name: str) -> None:
    days = make_up_days(10, 80)
    score = fit_pyod(name, days)
    kwh = days.matrix.kwh.copy()
    column = days.columns[0] + 20 * DAY
    kwh[3, column : column + DAY] *= 20
    ordinary, changed = score(days), score(days.with_kwh(kwh))
    assert changed.shape == days.shape and changed[3].argmax() == 20
    assert changed[3, 20] > np.quantile(ordinary, 0.99)


def test_a_profile_has_no_gap_and_tells_how_much_was_missing() -> None:
    days = make_up_days(2, 60)
    column = days.columns[0]
    days.matrix.kwh[0, column : column + 6] = np.nan
    profile = day_profiles(days, np.array([0]), np.array([0]))[0]
    assert profile.shape == (DAY + 1,) and np.isfinite(profile).all() and profile[-1] == 0.25


def test_where_every_meter_has_a_label_no_ratio_is_told_and_other_kinds_are_not_counted_as_wrong() -> None:
    events = TrueEvents(np.array([0, 1]), np.array([0, 1]), np.array([2, 3]), np.array(["unknown", "other"]))
    outcome = Outcome("ensemble", [make_fold([[1, 0, 0], [0, 1, 0]], events, [[0] * 3] * 2)], 1)
    assert outcome.calibration(1.0) is None and kind_accuracy(outcome) is None
    assert outcome.metrics.recall == 1


def test_days_without_a_score_are_no_time_in_which_alarms_could_have_been() -> None:
    nothing = TrueEvents(np.array([2]), np.array([0]), np.array([1]), np.array(["zero"]))
    scores = np.zeros((3, 30))
    scores[0, 3], scores[1, :20], scores[2, 0] = 1, np.nan, 1
    outcome = Outcome("ensemble", [FoldOutcome(scores, nothing, 0.5, 1.0)], 1)
    ratio = outcome.calibration(1.0)
    assert ratio is not None and ratio.ratio == pytest.approx(365.25 / 12 / 40)


def test_copies_of_a_profile_are_in_one_fold_and_on_one_side_of_its_training() -> None:
    groups = np.repeat(["a", "b", "c", "d", "e", "f"], 3)
    days = replace(make_up_days(18, 130), groups=groups)
    for fold in make_folds(BenchDays(days, None), AnomalyDetectionConfig(), 3):
        parts = [set(part.groups) for part in (fold.fitted, fold.kept, fold.judged.days)]  # type: ignore[arg-type]
        assert sum(map(len, parts)) == len(set.union(*parts)) == 6
