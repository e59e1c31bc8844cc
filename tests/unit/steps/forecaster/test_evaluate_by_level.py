"""The figures of feeders, districts and the total, on test origins whose earlier half gives the errors."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper, numpy_helper

from metrify.features.batch import FeatureContext
from metrify.features.specification import compute_features, select_features
from metrify.forecasting.evaluation import wape
from metrify.forecasting.evaluation.by_level import METHODS, SeriesForecasts
from metrify.forecasting.onnx_model import OnnxModel
from metrify.readings.dataset import METERS_FILE
from metrify.steps import evaluate_by_level as step
from metrify.steps.model_card_levels import levels_section
from metrify.steps.training_set import TrainingSet, read_training_set

from .conftest import DAY, LENGTH, MEANS, METERS, ORIGINS, Evaluated, World

NORTH = 5  # test meters of the one district; the other three have none


def listed(world: World, **columns: list[object]) -> pd.DataFrame:
    """The meters file with other columns of the test meters; all other meters lack them."""
    meters = pd.read_parquet(world.dataset / METERS_FILE).set_index("meter_id")
    for name, values in columns.items():
        meters.loc[[f"test-{meter}" for meter in range(METERS["test"])], name] = values
    return meters.reset_index()


def evaluate(world: World, meters: pd.DataFrame, data: TrainingSet | None = None) -> dict[str, float]:
    data = data or read_training_set(world.training_set)
    return step.evaluate_by_level(data, select_features(False), OnnxModel(world.model), meters)


def without_rows(data: TrainingSet, meter: str, days: int) -> TrainingSet:
    """The training set without a meter's first test rows."""
    kept = np.ones(len(data.meter_ids), bool)
    kept[np.flatnonzero(data.meter_ids == meter)[:days]] = False
    arrays = ("meter_ids", "origins", "sides", "windows", "targets", "imputed_shares")
    return replace(data, **{name: np.asarray(getattr(data, name))[kept] for name in arrays})


def with_calendar(model: Path, target: Path) -> OnnxModel:
    """A model to whose quantiles the sum of the calendar's values in each interval is added."""
    graph = onnx.load(str(model))
    graph.graph.node[-1].output[0] = "plain"
    axis = numpy_helper.from_array(np.array([2]), "axis")
    graph.graph.initializer.append(axis)
    graph.graph.node.append(helper.make_node("ReduceSum", ["horizon_calendar", "axis"], ["days_sum"], keepdims=1))
    graph.graph.node.append(helper.make_node("Add", ["plain", "days_sum"], ["quantiles_kwh"]))
    graph.graph.input.append(helper.make_tensor_value_info("horizon_calendar", TensorProto.FLOAT, ["N", DAY, "C"]))
    onnx.save(graph, str(target))
    return OnnxModel(target)


def test_levels_are_judged_on_the_later_half_of_the_origins(
    world: World, evaluate: Callable[..., Evaluated], capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = evaluate().metrics
    data = read_training_set(world.training_set)
    rows = data.rows("test").reshape(METERS["test"], ORIGINS["test"])[:, ORIGINS["test"] // 2 :]
    quantiles = OnnxModel(world.model).predict({"load_window": np.asarray(data.windows[rows.ravel()])})
    means, actual = (
        values.reshape(METERS["test"], -1) for values in (MEANS.of(quantiles), np.asarray(data.targets[rows.ravel()]))
    )
    sums = {
        "meter": (means, actual),
        "district": [np.stack([values[:NORTH].sum(axis=0), values[NORTH:].sum(axis=0)]) for values in (means, actual)],
        "total": (means.sum(axis=0), actual.sum(axis=0)),
    }
    for level, (forecast, measured) in sums.items():
        # The model is linear, so each sum's own forecast is the sum of forecasts, and nothing is left to reconcile.
        for method in METHODS:
            assert metrics[f"wape_{level}_{method}"] == pytest.approx(wape(forecast, measured), rel=1e-4)
    assert not [name for name in metrics if name.startswith("wape_feeder")]
    assert (metrics["hierarchy_meters"], metrics["hierarchy_origins"]) == (METERS["test"], ORIGINS["test"] / 2)
    assert metrics["hierarchy_meters_left_out"] == 0
    assert metrics["portfolio_wape"] != metrics["portfolio_wape_of_medians"]
    assert "forecast feeders, districts and the total at 14 of 14 origins" in capsys.readouterr().out


def test_each_origin_has_its_own_calendar(world: World, tmp_path: Path) -> None:
    data, features = read_training_set(world.training_set), select_features(True)
    graph = with_calendar(world.model, tmp_path / "calendar.onnx")
    figures = step.evaluate_by_level(data, features, graph, listed(world))
    rows = data.rows("test").reshape(METERS["test"], ORIGINS["test"])[:, ORIGINS["test"] // 2 :].ravel()
    means = MEANS.of(graph.predict(compute_features(features, data.batch(rows))))
    assert figures["wape_meter_base"] == pytest.approx(wape(means, np.asarray(data.targets[rows])), rel=1e-4)
    assert figures["wape_total_base"] != pytest.approx(figures["wape_total_bottom_up"], rel=0.01)


def test_feeders_are_a_level_where_the_meters_have_some(world: World) -> None:
    split = listed(world, feeder_id=["f", "f", "g", "g", "f", "f", "f", None])  # f lies in two districts
    figures = evaluate(world, split)
    assert figures["wape_total_bottom_up"] < figures["wape_feeder_bottom_up"] < figures["wape_meter_bottom_up"]
    whole = evaluate(world, listed(world, district=[""] * METERS["test"]))
    assert {name for name in whole if name.startswith("wape")} == {
        f"wape_{level}_{method}" for level in ("meter", "total") for method in METHODS
    }


def test_a_meter_that_lacks_many_origins_is_left_out(world: World) -> None:
    data = read_training_set(world.training_set)
    one_short = evaluate(world, listed(world), without_rows(data, "test-2", 1))
    assert (one_short["hierarchy_meters_left_out"], one_short["hierarchy_origins"]) == (0, 7)
    many_short = evaluate(world, listed(world), without_rows(data, "test-2", 9))
    assert (many_short["hierarchy_meters"], many_short["hierarchy_meters_left_out"]) == (7, 1)


def test_errors_are_known_before_the_first_origin_that_is_judged() -> None:
    origins = np.datetime64("2024-03-01T23:00", "s") + np.arange(11) * np.timedelta64(1, "D")
    for days, known in ((1, 5), (3, 3), (7, 0)):
        lengths = FeatureContext(LENGTH, days * DAY, 60, "Europe/Berlin", "DE")
        columns = np.tile(np.repeat(np.arange(11.0), days * DAY), (3, 1))
        earlier, judged = step._halve(SeriesForecasts(columns, columns[1:]), origins, lengths)
        assert np.unique(earlier.base).tolist() == list(range(known))
        assert np.unique(judged.actual).tolist() == list(range(5, 11))


def test_whole_districts_are_chosen_up_to_a_number_of_meters(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    districts = ["a", "b", "b", "c", "a", "a", "c", "c"]
    feeders = ["k", "m", "m", "n", "l", "l", "n", "n"]
    for limit, chosen in ((8, 8), (7, 5), (4, 3), (2, 1), (1, 1)):  # with 2 the district a is too large, and its k fits
        places = pd.DataFrame({"district": districts, "feeder_id": feeders})
        assert len(step._choose_whole_districts(places, limit)) == chosen
    assert step._choose_whole_districts(pd.DataFrame({"district": [""] * 3, "feeder_id": ""}), 2).tolist() == [0, 1]
    monkeypatch.setattr(step, "_MAX_METERS", 5)
    figures = evaluate(world, listed(world, district=districts))
    assert (figures["hierarchy_meters"], figures["hierarchy_meters_left_out"]) == (5, 3)


def test_what_can_not_be_judged_says_why(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, features = read_training_set(world.training_set), select_features(False)
    assert evaluate(world, listed(world), replace(data, non_negative=False)) == {}
    assert "some loads are negative" in capsys.readouterr().out
    bare = onnx.load(str(world.model))
    del bare.metadata_props[:]
    onnx.save(bare, str(tmp_path / "bare.onnx"))
    assert step.evaluate_by_level(data, features, OnnxModel(tmp_path / "bare.onnx"), listed(world)) == {}
    assert "no weights that make means" in capsys.readouterr().out
    monkeypatch.setattr(step, "_MIN_ORIGINS", ORIGINS["test"] + 1)
    assert evaluate(world, listed(world)) == {}
    assert "No meter has forecasts at 15 times" in capsys.readouterr().out


def test_the_card_has_a_table_of_levels(evaluate: Callable[..., Evaluated]) -> None:
    metrics = evaluate().metrics
    section = levels_section(metrics)
    figures = " | ".join(f"{metrics[f'wape_district_{method}']:.4g}" for method in METHODS)
    assert f"| district | {figures} |" in section
    assert "| feeder |" not in section
    assert "8 meters" in section
    assert "were not judged" in levels_section({"wape": 0.2})
