from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from metrify.adapters.tracking import CHAMPION, point_alias_at, tracking_uri
from metrify.bundles.manifest import FORECASTER_NAME
from metrify.forecasting.baselines import persistence_ensemble, seasonal_naive
from metrify.forecasting.evaluation import coverage, pinball, wape
from metrify.forecasting.evaluation.diebold_mariano import diebold_mariano
from metrify.forecasting.intervals import IntervalCalibration
from metrify.forecasting.onnx_model import OnnxModel
from metrify.forecasting.training.calibrate_graph import calibrate_graph
from metrify.steps import evaluate_forecaster as step
from metrify.steps.training_set import read_training_set

from .conftest import DAY, LEVELS, METERS, ORIGINS, Evaluated, World, write_model

Evaluate = Callable[..., Evaluated]


def test_the_metrics_are_those_of_all_test_rows(
    world: World, evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "_ROWS_AT_ONCE", 13)  # several batches, the last of them shorter
    metrics = evaluate().metrics
    data = read_training_set(world.training_set)
    rows = data.rows("test")
    windows, actual = np.asarray(data.windows[rows]), np.asarray(data.targets[rows])
    quantiles = OnnxModel(world.model).predict({"load_window": windows})
    naive, persistence = (rule(windows, DAY, DAY) for rule in (seasonal_naive, persistence_ensemble))
    expected = {
        "wape": wape(quantiles[..., 1], actual),
        "pinball": pinball(quantiles, actual, LEVELS),
        "coverage": coverage(quantiles, actual),
        "wape_seasonal_naive": wape(naive, actual),
        "pinball_seasonal_naive": pinball(np.repeat(naive[..., None], 3, axis=2), actual, LEVELS),
        "wape_persistence": wape(persistence, actual),
        "test_rows": METERS["test"] * ORIGINS["test"],
        "test_meters": METERS["test"],
        "test_origins": ORIGINS["test"],
    }
    assert {name: metrics[name] for name in expected} == pytest.approx(expected, rel=1e-5)
    errors = [np.abs(point - actual) for point in (quantiles[..., 1], naive)]
    test = diebold_mariano(*errors, data.origins[rows], kernel="bartlett")
    assert metrics["dm_p_seasonal_naive"] == pytest.approx(test.p_value, rel=1e-4)
    assert test.p_value < 0.001


def test_test_rows_are_scored_as_if_their_meters_were_new(evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = evaluate().metrics
    assert metrics["cold_start_rows"] == metrics["test_rows"]
    assert metrics["wape_cold_start_whole"] == pytest.approx(metrics["wape"], rel=1e-5)
    assert metrics["coverage_cold_start_whole"] == pytest.approx(metrics["coverage"], rel=1e-5)
    histories = [metrics[f"wape_cold_start_{history}"] for history in ("1d", "3d", "7d", "14d", "whole")]
    assert max(histories) < metrics["wape_cold_start_yesterday"]
    assert len(set(histories)) == len(histories)
    monkeypatch.setattr(step, "_COLD_STARTS", 20)
    assert evaluate().metrics["cold_start_rows"] == 20


def test_the_tables_tell_meters_districts_and_intervals(evaluate: Evaluate) -> None:
    done = evaluate()
    table = pd.read_parquet(done.tables)
    wape_of = table[table["metric"] == "wape"].set_index(["scope", "group"])
    assert wape_of.loc["meter"].index.tolist() == [f"test-{meter}" for meter in range(METERS["test"])]
    assert wape_of.loc["interval"].index.tolist() == [str(hour) for hour in range(DAY)]
    assert wape_of.loc["district"]["meters"].to_dict() == {"": 3, "north | east": 5}
    assert wape_of.loc["district"]["rows"].to_dict() == {"": 3 * ORIGINS["test"], "north | east": 5 * ORIGINS["test"]}
    assert wape_of.loc["district"]["value"].min() < done.metrics["wape"] < wape_of.loc["district"]["value"].max()


def test_no_test_of_a_difference_is_given_on_few_origins(
    evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("metrify.forecasting.evaluation.diebold_mariano._MIN_ORIGINS", ORIGINS["test"] + 1)
    assert not [name for name in evaluate().metrics if name.startswith("dm_p")]
    assert "14 origins are too few" in capsys.readouterr().out


def test_what_the_calibration_did_is_measured(world: World, evaluate: Evaluate, tmp_path) -> None:
    calibrated, factor = write_model(tmp_path / "calibrated.onnx"), np.tile([2.0, 1.0, 2.0], (DAY, 1))
    calibrate_graph(calibrated, IntervalCalibration(LEVELS, factor, np.zeros_like(factor), True))
    before, after = evaluate().metrics, evaluate(calibrated).metrics
    assert after["coverage_uncalibrated"] == pytest.approx(before["coverage"])
    assert after["pinball_uncalibrated"] == pytest.approx(before["pinball"])
    assert after["coverage"] > after["coverage_uncalibrated"]
    assert after["wape"] == pytest.approx(before["wape"])
    assert "coverage_uncalibrated" not in before


def test_without_a_champion_none_is_compared_and_no_registry_is_made(
    world: World, evaluate: Evaluate, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "wape_champion" not in evaluate().metrics
    assert "nothing was promoted yet" in capsys.readouterr().out
    assert not (world.home.root / "mlflow.db").exists()


def test_the_champion_is_run_on_the_same_rows(
    world: World, evaluate: Evaluate, register: Callable[..., object], tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    champion = write_model(tmp_path / "champion.onnx", bias=1.2)
    alone, folder = evaluate(champion).metrics, register(champion)
    point_alias_at(world.home, world.config, FORECASTER_NAME, CHAMPION, folder.name)
    metrics = evaluate().metrics
    assert metrics["wape_champion"] == pytest.approx(alone["wape"])
    assert metrics["wape_champion"] > metrics["wape"]
    assert metrics["pinball_champion"] == pytest.approx(alone["pinball"])
    assert metrics["dm_p_champion"] < 0.05
    assert metrics["is_champion"] == 0
    again = evaluate(champion).metrics
    assert again["is_champion"] == 1
    assert again["wape_champion"] == again["wape"]

    other = world.config.with_forecasting(quantiles=(0.2, 0.5, 0.8))
    assert "wape_champion" not in evaluate(config=other).metrics
    assert f"the champion {folder.name} is not compared: its quantiles differ" in capsys.readouterr().out

    client = MlflowClient(tracking_uri(world.home, world.config))
    kept = client.get_model_version_by_alias(FORECASTER_NAME, CHAMPION).source.removeprefix("file://")
    write_model(tmp_path / "other.onnx").replace(f"{kept}/model.onnx")
    assert "wape_champion" not in evaluate().metrics
    assert "was changed after it was signed" in capsys.readouterr().out
