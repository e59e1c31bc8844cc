"""A running anomaly detector: the same servers as the forecaster's, a detector that was trained, made-up meters."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import onnx
import pandas as pd
import pytest
import yaml
from onnx import helper

from inference_services.anomaly_client import AnomalyClient, ScoredDays
from inference_services.local.run_manifest import LocalService
from metrify.anomaly.contributions import alter_days, contributions
from metrify.anomaly.detector_model import DetectorModel
from metrify.anomaly.fitting_kinds import fitting_kinds, guess_faults
from metrify.anomaly.kinds import Kind
from metrify.anomaly.training.detector_graph import EVIDENCE_FEATURES
from metrify.anomaly.training.embed_threshold import embed_threshold
from metrify.anomaly.training.forecast_residual import FORECAST_FEATURES, READINGS
from metrify.anomaly.training.train_detector import train_detector
from metrify.bundles.manifest import DETECTOR_NAME, Tensor
from metrify.bundles.signature import PUBLIC_KEY_FILE, load_or_create_signing_key
from metrify.bundles.write import write_bundle
from metrify.config.anomaly_detection import AnomalyDetectionConfig
from metrify.drift.features import drift_features
from metrify.errors import InvalidRequestError
from metrify.features.batch import FeatureBatch
from metrify.features.judged_day import days_by_clock
from metrify.features.specification import compute_features, features_from_labels
from metrify.features.windows import cut_windows
from metrify.readings.matrix import ReadingsMatrix

from ..bundle_manifests import make_manifest
from ..unit.anomaly.made_up_days import DAY, make_up_days, make_up_matrix

SMALL = {
    "ensemble_members": ["forecast_residual", "isolation_forest"],  # the first of which reads what may lack
    "forecast_epochs": 1,
    "boosting_rounds": 20,
    "fault_copies": 3,
    "forest_trees": 20,
}
LABELS = tuple(f"{name}@1" for name in (*EVIDENCE_FEATURES, *FORECAST_FEATURES.values(), READINGS))
LENGTH, STORED = 29 * DAY, 31 * DAY
LAST_DAY, END = "2024-04-09", pd.Timestamp("2024-04-09T23:00", tz="UTC")  # local midnight, in summer time
METERS = [f"meter-{number}" for number in range(20)]
SPIKE_HOUR = 3
LOW_THRESHOLD = -1e6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("anomaly")


def write_doubled(detector: Path, path: Path) -> None:
    model = onnx.load(str(detector))
    place = next(place for place, node in enumerate(model.graph.node) if "score" in node.output)
    model.graph.node[place].output[:] = ["once"]
    model.graph.node.insert(place + 1, helper.make_node("Add", ["once", "once"], ["score"]))
    onnx.save(model, str(path))


@pytest.fixture(scope="module")
def matrix() -> ReadingsMatrix:
    """Meters that the detector never saw: the first has a spike on the last day, and the second counts nothing."""
    found = make_up_matrix(len(METERS), 100, seed=1)
    last = int((END - found.start) // pd.Timedelta(hours=1))
    found.kwh[0, last - DAY + SPIKE_HOUR] = 40
    found.kwh[1, last - 2 * DAY : last] = 0
    return found


@pytest.fixture(scope="module")
def detector(folder: Path, matrix: ReadingsMatrix) -> DetectorModel:
    """A trained detector in the bundle `one`, and `two`, whose scores are twice as high and every day an anomaly.

    Of the last day, half of the meters are anomalies of `one`.
    """
    path = folder / "one.onnx"
    config = AnomalyDetectionConfig.model_validate(SMALL)
    train_detector(make_up_days(30, 90), config, path, print)
    threshold = float(np.median(score_with(DetectorModel(path))(batch_of(matrix, END))))
    embed_threshold(path, threshold)
    write_doubled(path, folder / "two.onnx")
    embed_threshold(folder / "two.onnx", LOW_THRESHOLD)
    days, first = make_up_days(1, 40), np.zeros(1, int)
    model = DetectorModel(path)
    example = days.features(model.input_names, first, first)
    inputs = tuple(Tensor(name=name, shape=(-1, *example[name].shape[1:]), unit="1") for name in example)
    kinds = tuple(kind.value for kind in Kind)
    outputs = (
        Tensor(name="score", shape=(-1,), unit="1"),
        Tensor(name="is_anomaly", dtype="BOOL", shape=(-1,), unit="1"),
        Tensor(name="kind_share", shape=(-1, len(kinds)), unit="1", labels=kinds),
    )
    limits = {
        "drift": {"null_distances": {}, "p_value": 0.05, "min_rows": 1_000},
        "anomaly": {"threshold": threshold, "max_missing_share": 0.5, "false_alarms_per_meter_month": 1.0},
    }
    reference = drift_features(make_up_matrix(50, 28).kwh, DAY)
    for version in ("one", "two"):
        manifest = make_manifest(
            LABELS,
            inputs,
            (),
            LENGTH,
            name=DETECTOR_NAME,
            task="anomaly-detection",
            model_type="ensemble",
            outputs=outputs,
            version=version,
            timezone="Europe/London",
            country="GB",
        )
        key = load_or_create_signing_key(folder / "keys")
        write_bundle(folder / version, manifest, folder / f"{version}.onnx", reference, limits, "# Card", key)
    return model


@pytest.fixture(scope="module")
def service(folder: Path, detector: DetectorModel, matrix: ReadingsMatrix) -> Iterator[LocalService]:
    """Half of the meters with the bundle `two`."""
    windows = cut_windows(matrix, pd.DatetimeIndex([END]), STORED)[:, 0]
    rows = [(name, END, window) for name, window in zip(METERS, windows, strict=True)]
    for name, missing in (("gappy", 6), ("burst", 13)):
        rows.append((name, END, np.where(np.arange(STORED) >= STORED - missing, np.nan, windows[2])))
    rows += [("late", END - pd.Timedelta(hours=30), windows[3]), ("new", END, windows[4][-10 * DAY :])]
    pd.DataFrame(rows, columns=["meter_id", "window_end", "load_window"]).to_parquet(folder / "windows.parquet")
    models = {name: {"name": "onnx", "storageUri": (folder / name).as_uri()} for name in ("one", "two")}
    spec = {
        "predictor": {"model": models["one"]},
        "canary": [{"trafficPercent": 50, "predictor": {"name": "next", "model": models["two"]}}],
    }
    manifest = folder / "isvc.yaml"
    metadata = {"name": DETECTOR_NAME, "annotations": {"metrify.io/assignment-salt": "salt"}}
    manifest.write_text(yaml.safe_dump({"kind": "InferenceService", "metadata": metadata, "spec": spec}))
    reader = f"parquet:{folder / 'windows.parquet'}"
    with LocalService(manifest, folder / "logs", folder / "keys" / PUBLIC_KEY_FILE, 0, 0, reader) as running:
        yield running


@pytest.fixture(params=["rest", "grpc"])
def ask(service: LocalService, request: pytest.FixtureRequest) -> Callable[..., ScoredDays]:
    client = AnomalyClient(service.url, service.grpc_address)
    return getattr(client, f"over_{request.param}")


@pytest.fixture
def post(service: LocalService) -> Callable[..., httpx.Response]:
    def send(meters: list[str], days: list[str] | None = None, **parameters: object) -> httpx.Response:
        texts = {"meter_id": meters} | ({} if days is None else {"day": days})
        inputs = [
            {"name": name, "shape": [len(data)], "datatype": "BYTES", "data": data} for name, data in texts.items()
        ]
        url = f"{service.url}/v2/models/{DETECTOR_NAME}/infer"
        return httpx.post(url, json={"inputs": inputs, "parameters": parameters}, timeout=20, trust_env=False)

    return send


def batch_of(matrix: ReadingsMatrix, end: pd.Timestamp) -> FeatureBatch:
    windows = cut_windows(matrix, pd.DatetimeIndex([end]), LENGTH)[:, 0]
    origin = np.datetime64(end.tz_localize(None), "s")
    return FeatureBatch(windows, np.full(len(windows), origin), make_up_days(1, 40).context)


def score_with(detector: DetectorModel) -> Callable[[FeatureBatch], np.ndarray]:
    features = features_from_labels(LABELS)
    return lambda batch: detector.predict(compute_features(features, batch))["score"]


def of_variants(answer: ScoredDays) -> np.ndarray:
    return np.where(np.array(answer.variants) == "next", 2, 1)


def test_scores_kinds_and_variants_are_the_detectors(ask, detector, matrix) -> None:
    answer = ask(METERS, contribution=False)
    assert answer.contributions is None
    expected = detector.predict(compute_features(features_from_labels(LABELS), batch_of(matrix, END)))
    canaries = np.array(answer.variants) == "next"
    np.testing.assert_allclose(answer.scores, expected["score"] * (1 + canaries), rtol=1e-5)
    assert 0 < canaries.sum() < len(METERS)
    assert answer.model_versions == ["two" if canary else "one" for canary in canaries]
    np.testing.assert_array_equal(answer.is_anomaly, canaries | expected["is_anomaly"])
    by_clock = days_by_clock(batch_of(matrix, END))
    kinds = guess_faults(expected["kind_share"], fitting_kinds(by_clock[:, :-1], by_clock[:, -1:]))
    assert answer.kinds == np.where(answer.is_anomaly, kinds, "").tolist()
    assert answer.is_anomaly[1] and not answer.is_anomaly.all()
    assert answer.days == [LAST_DAY] * len(METERS)
    assert not any(answer.degraded) and not answer.missing_share.any()
    assert (answer.feature_age_seconds > 0).all()


def test_contributions_are_those_of_the_library_and_a_spike_has_the_largest(ask, detector, matrix) -> None:
    answer, batch = ask(METERS), batch_of(matrix, END)
    scores = score_with(detector)(alter_days(batch)).reshape(len(METERS), -1) * of_variants(answer)[:, None]
    np.testing.assert_allclose(answer.contributions, contributions(scores), atol=1e-5)
    np.testing.assert_allclose(answer.contributions.sum(axis=1), answer.scores - scores[:, DAY], atol=1e-5)
    assert answer.contributions[0].argmax() == SPIKE_HOUR


def test_both_protocols_say_the_same(service) -> None:
    client = AnomalyClient(service.url, service.grpc_address)
    rest, wire = client.over_rest(METERS[:3]), client.over_grpc(METERS[:3])
    np.testing.assert_array_equal(rest.contributions, wire.contributions)
    np.testing.assert_array_equal(rest.scores, wire.scores)
    assert (rest.kinds, rest.days, rest.variants) == (wire.kinds, wire.days, wire.variants)


@pytest.mark.parametrize(("day", "end"), [("2024-04-08", "2024-04-08T23:00"), ("2024-04-07", "2024-04-07T23:00")])
def test_an_earlier_day_ends_at_its_own_midnight(ask, detector, matrix, day: str, end: str) -> None:
    answer = ask(METERS, day=day, contribution=False)
    assert answer.days == [day] * len(METERS)
    expected = score_with(detector)(batch_of(matrix, pd.Timestamp(end, tz="UTC")))
    np.testing.assert_allclose(answer.scores, expected * of_variants(answer), rtol=1e-5)


def test_gaps_are_scored_and_told(ask) -> None:
    answer = ask(["gappy", METERS[2]], contribution=False)
    assert answer.degraded == [True, False]
    (told,) = answer.degraded_reasons
    assert told["reason"] == "6 of 24 readings of the day are missing (25%)"
    np.testing.assert_array_equal(answer.missing_share, [np.float32(0.25), 0])


def test_who_is_refused_is_told_by_name(post) -> None:
    for meters, days, status, refused, told in [
        (["nobody", "late"], None, 404, ["nobody"], "Unknown meters: nobody"),
        (["meter-0", "burst"], None, 422, ["burst"], "13 of 24 readings of 2024-04-09 are missing, or kept out"),
        (["new"], None, 422, ["new"], "insufficient history: new (456 of 672 readings before"),
        (["meter-0", "late"], [LAST_DAY] * 2, 400, ["late"], "late (readings end at 2024-04-08T17:00:00Z)"),
        (["meter-0"], ["2024-04-10"], 400, ["meter-0"], "a day that the store does not hold"),
        (["meter-0"], ["2024-03-01"], 400, ["meter-0"], "a day that the store does not hold"),
        (["meter-0"], ["2024-03-20"], 422, ["meter-0"], "insufficient history"),
    ]:
        reply = post(meters, days)
        assert (reply.status_code, reply.json()["meters"]) == (status, refused)
        assert told in reply.json()["error"]
    for days, told in ((["soon"], "day soon"), (["20240409"], "no ISO date"), ([LAST_DAY] * 2, "2 rows, meter_id 1")):
        reply = post(["meter-0"], days)
        assert (reply.status_code, told in reply.json()["error"]) == (400, True), reply.text
    assert post(["meter-0"], contribution="no").status_code == 400


def test_partial_answers_the_others(ask) -> None:
    answer = ask(["nobody", "burst", "meter-5", "new", "late"], day=LAST_DAY, partial=True, contribution=False)
    assert answer.meter_ids == ["meter-5"]
    reasons = {item["meter_id"]: item["reason"] for item in answer.refused}
    assert list(reasons) == ["nobody", "burst", "new", "late"]
    starts = [
        "unknown meter",
        "too many missing readings: 13",
        "insufficient history: 456",
        "a day that the store does not hold: readings",
    ]
    assert all(reason.startswith(start) for reason, start in zip(reasons.values(), starts, strict=True))
    with pytest.raises(InvalidRequestError, match="burst"):
        ask(["burst"], partial=True)


def test_a_late_meter_is_judged_by_its_newest_whole_day(ask) -> None:
    assert ask(["late", "meter-5"], contribution=False).days == ["2024-04-07", LAST_DAY]


def test_the_older_api_and_the_metadata_fit_the_task(service) -> None:
    with httpx.Client(base_url=service.url, trust_env=False, timeout=20) as client:
        assert client.get("/health").json() == {"status": "healthy", "model_name": DETECTOR_NAME}
        assert client.get("/model/info").json()["task"] == "anomaly-detection"
        answer = client.post("/predict", json={"data": {"meter_id": ["meter-1", "gappy"]}}).json()
        assert answer["is_anomaly"][0] is True and answer["kind"][0] in list(Kind)
        assert answer["day"] == [LAST_DAY] * 2 and len(answer["score"]) == 2
        assert answer["degraded"] == [False, True] and "contribution" not in answer
        described = client.get(f"/v2/models/{DETECTOR_NAME}").json()
        assert [item["name"] for item in described["inputs"]] == ["meter_id", "day"]
        assert {"score", "contribution", "kind", "variant"} <= {item["name"] for item in described["outputs"]}
        assert "metrify_drift_sample_rows" in client.get("/metrics").text
