"""Detectors as they are fitted, exported and asked."""

from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from metrify.anomaly.detector_model import DayScores, DetectorModel
from metrify.anomaly.evaluation import merge_alarms
from metrify.anomaly.inject_faults import inject_faults
from metrify.anomaly.kinds import Kind
from metrify.anomaly.meter_days import MeterDays, find_meter_days
from metrify.anomaly.thresholds import DAYS_PER_MONTH
from metrify.anomaly.training.detector_graph import stack_evidence
from metrify.anomaly.training.embed_threshold import embed_threshold
from metrify.anomaly.training.fault_rows import KINDS
from metrify.anomaly.training.fit_detector import Curve, fit_detector
from metrify.anomaly.training.isolation_forest import fit_isolation_forest
from metrify.anomaly.training.one_class_svm import fit_one_class_svm
from metrify.anomaly.training.prepare_rows import DETECTOR_FEATURES, prepare_rows
from metrify.anomaly.training.train_detector import split_for_threshold, train_detector
from metrify.config.anomaly_detection import AnomalyDetectionConfig, MemberType
from metrify.errors import AnomalyError
from tests.unit.anomaly.made_up_days import make_up_matrix

SMALL = {
    "epochs": 1,
    "forecast_epochs": 1,
    "boosting_rounds": 20,
    "fault_copies": 3,
    "max_training_days": 3_000,
    "forest_trees": 20,
}


def make_up_days(meters: int, days: int, seed: int) -> MeterDays:
    return find_meter_days(make_up_matrix(meters, days, seed), 28, "Europe/London", "GB")


@pytest.fixture(scope="module")
def days() -> MeterDays:
    return make_up_days(30, 130, seed=0)


@pytest.fixture(scope="module")
def features(days: MeterDays) -> dict[str, np.ndarray]:
    meters, numbers = (index.ravel()[:2_000] for index in np.indices(days.shape))
    return days.features(DETECTOR_FEATURES, meters, numbers)


def fit(days: MeterDays, folder: Path, **changes: object) -> DetectorModel:
    return fit_with_curve(days, folder, **changes)[0]


def fit_with_curve(days: MeterDays, folder: Path, **changes: object) -> tuple[DetectorModel, Curve]:
    path = folder / "detector.onnx"
    config = AnomalyDetectionConfig.model_validate(SMALL | changes)
    curve = fit_detector(prepare_rows(days, config), config, path, lambda step: None)
    return DetectorModel(path), curve


def score_with(model: DetectorModel, days: MeterDays, kind: Kind) -> tuple[DayScores, np.ndarray]:
    """Scores of days of which each meter has a fault, and which days have it, `[M, D]`."""
    meters = days.shape[0]
    kwh, faults = inject_faults(days.matrix.kwh, 60, range(meters), [kind], days.columns, 11)
    touched = np.zeros(days.shape, bool)
    for fault in faults:
        touched[fault.meter, days.day_of(fault.begin) : days.day_of(fault.end - 1) + 1] = True
    return model.score_days(days.with_kwh(kwh)), touched


@pytest.fixture(scope="module")
def ensemble(days: MeterDays, tmp_path_factory: pytest.TempPathFactory) -> DetectorModel:
    return fit(days, tmp_path_factory.mktemp("ensemble"))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in (Kind.VACANCY, Kind.DEGRADATION)])
def test_an_ensemble_finds_faults_of_meters_that_it_never_saw_and_tells_their_kind(
    ensemble: DetectorModel, kind: Kind
) -> None:
    unseen = make_up_days(20, 100, seed=1)
    scores, touched = score_with(ensemble, unseen, kind)
    assert np.median(scores.score[touched]) > np.quantile(ensemble.score_days(unseen).score, 0.95)
    guessed = scores.kind_share[touched].mean(axis=0).argmax()
    assert KINDS[guessed] is kind


def test_an_empty_home_is_told_apart_from_a_fault(ensemble: DetectorModel) -> None:
    scores, touched = score_with(ensemble, make_up_days(20, 100, seed=1), Kind.VACANCY)
    assert KINDS[scores.kind_share[touched].mean(axis=0).argmax()] is Kind.VACANCY
    assert np.median(scores.score[touched]) < 0


@pytest.mark.parametrize("model_type", get_args(MemberType))
def test_each_detector_scores_a_day_of_a_stuck_or_dead_meter_higher(
    model_type: str, days: MeterDays, tmp_path: Path
) -> None:
    model = fit(days, tmp_path, model_type=model_type)
    for kind in (Kind.ZERO, Kind.REVERSED):
        scores, touched = score_with(model, make_up_days(20, 100, seed=1), kind)
        assert scores.score[touched].mean() > np.quantile(scores.score[~touched], 0.8)
        assert scores.kind_share.shape == (*touched.shape, len(KINDS))


def test_a_seed_makes_the_same_detector(days: MeterDays, ensemble: DetectorModel, tmp_path: Path) -> None:
    again = fit(days, tmp_path).score_days(days)
    np.testing.assert_allclose(again.score, ensemble.score_days(days).score, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_less(again.kind_share.sum(axis=2), 1 + 1e-5)


def test_losses_of_all_that_was_fitted_stand_side_by_side(days: MeterDays, tmp_path: Path) -> None:
    _, curve = fit_with_curve(days, tmp_path, epochs=3, boosting_rounds=5)
    assert [set(losses) for losses in curve] == [{"autoencoder_loss", "kinds_loss"}] * 3 + [{"kinds_loss"}] * 2
    for name, steps in (("autoencoder_loss", 3), ("kinds_loss", 5)):
        assert (np.diff([losses[name] for losses in curve[:steps]]) < 0).all()


def test_an_exported_forest_scores_as_scikit_learn_does(features: dict[str, np.ndarray], tmp_path: Path) -> None:
    fitted = fit_isolation_forest(features, AnomalyDetectionConfig())
    fitted.export_onnx(tmp_path / "forest.onnx")
    scores = DetectorModel(tmp_path / "forest.onnx").predict(features)["score"]
    np.testing.assert_allclose(scores, -fitted.forest.score_samples(stack_evidence(features)), rtol=1e-5)


def test_an_exported_svm_scores_as_its_formula_does(features: dict[str, np.ndarray], tmp_path: Path) -> None:
    fitted = fit_one_class_svm(features, AnomalyDetectionConfig())
    fitted.export_onnx(tmp_path / "svm.onnx")
    scaled = np.clip((stack_evidence(features) - fitted.centre) / fitted.spread, -5, 5)
    expected = fitted.offset - np.cos(scaled @ fitted.directions + fitted.phases) @ fitted.weights
    scores = DetectorModel(tmp_path / "svm.onnx").predict(features)["score"]
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    assert 0 < (scores > 0).mean() < 0.2


def test_a_trained_graph_decides_by_its_threshold_and_keeps_its_scores(days: MeterDays, tmp_path: Path) -> None:
    config = AnomalyDetectionConfig.model_validate(SMALL | {"model_type": "isolation_forest"})
    path = tmp_path / "trained.onnx"
    threshold = train_detector(days, config, path, lambda step: None).threshold
    meters, numbers = (index.ravel()[:500] for index in np.indices(days.shape))
    model = DetectorModel(path)
    answer = model.predict(days.features(model.input_names, meters, numbers))
    np.testing.assert_array_equal(answer["is_anomaly"], answer["score"] > np.float32(threshold))
    embed_threshold(path, float(answer["score"].min()) - 1)  # another one takes its place
    again = DetectorModel(path).predict(days.features(model.input_names, meters, numbers))
    assert again["is_anomaly"].all() and not answer["is_anomaly"].all()
    np.testing.assert_array_equal(again["score"], answer["score"])


def test_meters_without_faults_raise_about_as_many_alarms_as_wanted(days: MeterDays, tmp_path: Path) -> None:
    config = AnomalyDetectionConfig.model_validate(SMALL | {"model_type": "isolation_forest", "calibration_share": 0.5})
    path = tmp_path / "trained.onnx"
    threshold = train_detector(days, config, path, lambda step: None).threshold
    unseen = make_up_days(60, 130, seed=5)
    scores = DetectorModel(path).score_days(unseen).score
    alarms = merge_alarms(scores > threshold, np.isfinite(scores), config.max_gap_days)
    rate = len(alarms.meters) / (scores.size / DAYS_PER_MONTH)
    assert 0.4 < rate / config.false_alarms_per_meter_month < 2.5


def test_meters_that_share_a_profile_are_fitted_or_set_the_threshold_together() -> None:
    groups = np.repeat(["a", "b", "c", "d", "e"], [9, 1, 4, 3, 3])
    days = find_meter_days(make_up_matrix(20, 40), 28, "Europe/London", "GB", groups)
    fitted, kept = split_for_threshold(days, AnomalyDetectionConfig())
    assert sorted([*fitted, *kept]) == list(range(20)) and len(set(groups[kept])) == 1
    assert not set(groups[fitted]) & set(groups[kept])
    with pytest.raises(AnomalyError, match="9 meters of 1 profile"):
        split_for_threshold(days.choose(np.arange(9)), AnomalyDetectionConfig())


def test_days_of_which_too_little_is_known_have_no_score(days: MeterDays, ensemble: DetectorModel) -> None:
    kwh = days.matrix.kwh.copy()
    kwh[0, : 60 * 24] = np.nan
    late = days.with_kwh(kwh)
    scores = ensemble.score_days(late)
    np.testing.assert_array_equal(np.isnan(scores.score), ~late.is_known())
    assert not late.is_known()[0, 0] and not scores.kind_share[0, 0].any()
