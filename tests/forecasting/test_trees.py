"""LightGBM as a model type: fitted to what the networks read, and served from one ONNX graph."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.errors import ForecastError
from metrify.forecasting.evaluation.losses import pinball_losses
from metrify.forecasting.onnx_model import OnnxModel

from .conftest import DAY, Features, draw_rows

try:
    import lightgbm  # noqa: F401
except OSError as missing:
    pytest.skip(f"LightGBM can't be loaded: {missing}", allow_module_level=True)

TREES = {"max_rounds": 12, "learning_rate": 0.3, "max_leaves": 8, "min_leaf_intervals": 20}


def configure(**trees: float) -> ConsumptionForecastingConfig:
    return ConsumptionForecastingConfig(model_type="lightgbm", seed=3, trees={**TREES, **trees})


def fit(config: ConsumptionForecastingConfig, time_features: bool = True, **options: Any) -> Any:
    from metrify.forecasting.training.rows import TrainingRows
    from metrify.forecasting.training.trees import fit_trees

    train = options.pop("train", None) or TrainingRows(*draw_rows(300, 1, time_features))
    validation = TrainingRows(*draw_rows(60, 2, time_features))
    options.setdefault("threads", 1)  # more threads than idle cores wait for each other, and burn both
    return fit_trees(train, validation, config, DAY, options.pop("on_level", lambda level, losses: None), **options)


@dataclass(frozen=True)
class Served:
    """Trees as LightGBM knows them and as they are served."""

    fitted: Any
    onnx: OnnxModel
    path: Path
    told: list[tuple[int, dict[str, float]]]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    told: list[tuple[int, dict[str, float]]] = []
    fitted = fit(configure(), on_level=lambda level, losses: told.append((level, losses)))
    path = tmp_path_factory.mktemp("trees") / "model.onnx"
    fitted.export_onnx(path)
    return Served(fitted, OnnxModel(path), path, told)


def ask_lightgbm(fitted: Any, rows: Features) -> np.ndarray:
    from metrify.forecasting.training.tree_columns import MIDDLE_KWH, SIZE_KWH, UNREAD, load_columns

    columns = load_columns(fitted.columns).predict(rows)
    table = columns[..., :-UNREAD].reshape(-1, columns.shape[-1] - UNREAD)
    answers = np.sort(np.stack([level.booster.predict(table, num_threads=1) for level in fitted.levels], -1))
    kwh = answers.reshape(*columns.shape[:2], -1) * columns[..., SIZE_KWH, None] + columns[..., MIDDLE_KWH, None]
    return np.maximum(kwh, 0) if fitted.non_negative else kwh


def test_what_is_served_is_what_lightgbm_says(served: Served) -> None:
    rows = draw_rows(300, 5)[0]
    expected = ask_lightgbm(served.fitted, rows)
    np.testing.assert_allclose(served.onnx.predict(rows), expected, rtol=1e-4, atol=1e-5 * expected.max())


def test_a_value_just_above_a_threshold_stays_above_it(tmp_path: Path) -> None:
    import lightgbm as lgb

    from metrify.forecasting.training.tree_graph import tree_node

    low = np.float32(1 + 2**-23)
    high = np.nextafter(low, np.float32(2))  # halfway between them float32 rounds up, to the higher one
    table = np.repeat(np.array([[low], [high]], np.float32), 50, axis=0)
    parameters = {"min_data_in_leaf": 1, "min_data_in_bin": 1, "verbosity": -1, "num_threads": 1}
    booster = lgb.train(parameters, lgb.Dataset(table, np.repeat([0.0, 1.0], 50), params=parameters), 3)
    ends = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, None]) for name in ("x", "y")]
    graph = onnx.helper.make_graph([tree_node(booster, "x", "y")], "trees", ends[:1], ends[1:])
    opsets = [onnx.helper.make_opsetid("", 18), onnx.helper.make_opsetid("ai.onnx.ml", 3)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9), str(tmp_path / "trees.onnx"))
    served = OnnxModel(tmp_path / "trees.onnx").predict({"x": table})[:, 0]
    np.testing.assert_allclose(served, booster.predict(table), rtol=1e-6)


def test_the_graph_has_the_tensors_of_a_network(served: Served) -> None:
    graph = onnx.load(served.path).graph
    names = ["load_window", "window_rest_day", "horizon_calendar", "meter_code", "static_tariff"]
    assert [tensor.name for tensor in graph.input] == names
    assert [tensor.name for tensor in graph.output] == ["quantiles_kwh"]
    shapes = [
        [size.dim_value for size in tensor.type.tensor_type.shape.dim] for tensor in (*graph.input, *graph.output)
    ]
    assert shapes == [[0, 28 * DAY], [0, 28 * DAY], [0, DAY, 5], [0], [0], [0, DAY, 5]]
    assert served.onnx.predict(draw_rows(3, 5)[0]).dtype == np.float32


def test_a_row_does_not_depend_on_the_rows_beside_it(served: Served) -> None:
    rows = draw_rows(65, 5)[0]
    apart = served.onnx.predict_in_batches(rows, 7)
    np.testing.assert_allclose(apart, served.onnx.predict(rows), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("windows", ["random", "zero", "huge", "feed-in"])
def test_quantiles_rise_and_are_not_negative(served: Served, windows: str) -> None:
    generator = np.random.default_rng(9)
    loads = {
        "random": generator.gamma(0.3, 5, (50, 28 * DAY)),
        "zero": np.zeros((50, 28 * DAY)),
        "huge": generator.gamma(2, 1e6, (50, 28 * DAY)),
        "feed-in": generator.normal(-1, 3, (50, 28 * DAY)),
    }
    rows = {**draw_rows(50, 5)[0], "load_window": loads[windows].astype(np.float32)}
    quantiles = served.onnx.predict(rows)
    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles) >= 0).all()
    assert (quantiles >= 0).all()


def test_loads_that_feed_in_are_forecast_below_zero(tmp_path: Path) -> None:
    from metrify.forecasting.training.rows import TrainingRows

    features, target = draw_rows(300, 1, time_features=False)
    fitted = fit(
        configure(), time_features=False, train=TrainingRows({"load_window": -features["load_window"]}, -target)
    )
    fitted.export_onnx(tmp_path / "model.onnx")
    rows = {"load_window": -draw_rows(20, 5, time_features=False)[0]["load_window"]}
    quantiles = OnnxModel(tmp_path / "model.onnx").predict(rows)
    assert quantiles[..., 2].max() < 0
    assert (np.diff(quantiles) >= 0).all()


def test_the_losses_are_those_of_the_networks(served: Served) -> None:
    from metrify.forecasting.training.rows import TrainingRows

    rows = TrainingRows(*draw_rows(60, 2))
    losses = pinball_losses(served.onnx.predict(rows.features), rows.target_kwh, configure().quantiles).mean(axis=1)
    assert served.fitted.curve[-1]["val_loss"] == pytest.approx((losses * rows.weights).mean(), rel=1e-3)


def test_the_curve_averages_the_levels_and_ends_with_what_is_kept(served: Served) -> None:
    assert [level for level, _ in served.told] == [1, 2, 3, 4, 5]
    last = np.mean([losses["val_loss"] for _, losses in served.told])
    assert served.fitted.curve[-1]["val_loss"] == pytest.approx(last)
    assert 1 < len(served.fitted.curve) <= 12
    assert served.fitted.curve[-1]["val_loss"] < served.fitted.curve[0]["val_loss"]


@pytest.mark.parametrize("threads", [1, 2])
def test_the_seed_decides_whatever_the_number_of_threads(served: Served, threads: int) -> None:
    again = fit(configure(), threads=threads)
    assert [
        level.booster.trees_to_dataframe().equals(other.booster.trees_to_dataframe())
        for level, other in zip(served.fitted.levels, again.levels, strict=True)
    ] == [True] * 5


def test_a_target_that_was_not_measured_is_left_out() -> None:
    from metrify.forecasting.training.rows import TrainingRows

    features, target = draw_rows(300, 1)
    holes = target.copy()
    holes[::2, 3:] = np.nan
    holes[7] = np.nan
    whole = fit(configure(), train=TrainingRows(features, target))
    punched = fit(configure(), train=TrainingRows(features, holes))
    kept = np.isfinite(holes).any(axis=1)
    bare = fit(configure(), train=TrainingRows({name: values[kept] for name, values in features.items()}, holes[kept]))
    assert punched.levels[2].model != whole.levels[2].model
    assert punched.levels[2].model == bare.levels[2].model


def test_rows_without_any_target_are_refused() -> None:
    from metrify.forecasting.training.rows import TrainingRows

    features, target = draw_rows(10, 1)
    with pytest.raises(ForecastError, match="No interval of the rows was measured"):
        fit(configure(), train=TrainingRows(features, np.full_like(target, np.nan)))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_rounds", 2),
        ("early_stopping_patience_rounds", 1),
        ("learning_rate", 0.05),
        ("max_leaves", 3),
        ("min_leaf_intervals", 1_000),
        ("column_share", 0.1),
        ("interval_share", 0.2),
    ],
)
def test_each_key_has_an_effect(served: Served, key: str, value: float) -> None:
    other = fit(configure(**{key: value}))
    assert [level.losses for level in other.levels] != [level.losses for level in served.fitted.levels]


def test_each_level_has_the_rounds_that_it_is_given(served: Served) -> None:
    lengths = served.fitted.best_lengths
    assert len(set(lengths)) > 1
    same = fit(configure(), rounds=lengths)
    assert [level.losses for level in same.levels] == [level.losses for level in served.fitted.levels]
    assert fit(configure(), rounds=(3, 1, 4, 1, 5)).best_lengths == (3, 1, 4, 1, 5)


def test_a_training_that_was_killed_goes_on_and_ends_alike(served: Served, tmp_path: Path) -> None:
    class PowerCutError(Exception):
        pass

    def cut(level: int, losses: dict[str, float]) -> None:
        if level == 3:
            raise PowerCutError

    with pytest.raises(PowerCutError):
        fit(configure(), on_level=cut, checkpoints=tmp_path)
    done = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert sorted(done) == ["level-1.json", "level-2.json", "level-3.json"]
    (tmp_path / "level-3.json").write_text("{", encoding="utf-8")  # the power went while it was written
    resumed = fit(configure(), checkpoints=tmp_path)
    assert (tmp_path / "level-1.json").stat().st_mtime_ns == done["level-1.json"]
    assert resumed.levels == served.fitted.levels


def test_the_model_type_chooses_trees(tmp_path: Path) -> None:
    from metrify.forecasting.training.fit_model import fit_model
    from metrify.forecasting.training.rows import TrainingRows

    rows = TrainingRows(*draw_rows(100, 1))
    fitted = fit_model(rows, rows, configure(), DAY, lambda step, losses: None)
    fitted.export_onnx(tmp_path / "model.onnx")
    assert OnnxModel(tmp_path / "model.onnx").predict(rows.features).shape == (100, DAY, 5)
    assert fitted.curve[-1]["val_loss"] > 0
    assert "TreeEnsembleRegressor" in {node.op_type for node in onnx.load(tmp_path / "model.onnx").graph.node}
