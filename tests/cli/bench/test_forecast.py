"""The benchmark of forecasts: from training to rows, as `metrify bench forecast --quick --json` runs it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

from metrify.cli.bench import app
from metrify.cli.bench.forecast.choose_models import MODELS, choose_models, lookback_days
from metrify.cli.bench.forecast.forecasters import fit_intervals, forecast_by_baseline, forecast_by_graph, row_scales
from metrify.cli.bench.forecast.household_protocols import CAMBRIDGE, LONDON
from metrify.cli.bench.forecast.judge import Judge
from metrify.cli.bench.forecast.portfolio import OF_METHODS, SHARE, compare_portfolios
from metrify.cli.bench.forecast.protocol import Protocol
from metrify.cli.bench.forecast.protocol_rows import find_rows
from metrify.cli.bench.forecast.result import Result
from metrify.cli.bench.forecast.result_rows import difference_rows, score_rows, speed_rows
from metrify.cli.bench.forecast.score import METRICS, UNCALIBRATED, Score, score
from metrify.cli.bench.forecast.speed import Speed
from metrify.cli.bench.forecast.train_model import Trained, TrainingSides, train_model
from metrify.cli.bench.forecast.transformer_protocols import ETT
from metrify.config.loader import default_config
from metrify.config.schema import FeatureEngineeringConfig
from metrify.errors import ConfigError, ForecastError, UsageError
from metrify.forecasting.evaluation import coverage, wape
from metrify.forecasting.evaluation.streamed import OF_MEDIANS
from metrify.forecasting.expected_load import ExpectedLoad, write_expected_load
from metrify.forecasting.onnx_model import OnnxModel

from .protocols import DAY, draw_protocol

LEVELS = default_config().training.consumption_forecasting.quantiles
METRIC_NAMES = (*METRICS, *UNCALIBRATED)


def test_a_quick_run_prints_the_rows_of_each_model(tmp_path: Path) -> None:
    models = ("champion", "lightgbm", "seasonal_naive", "persistence")
    config = tmp_path / "config.yaml"
    config.write_text("training: {consumption_forecasting: {model_type: residual, lstm_units: 8}}")
    command = ["forecast", "--dataset", "simbench", "--quick", "--json", "--config", str(config)]
    run = CliRunner().invoke(app, [*command, *(word for name in models for word in ("--models", name))])
    assert run.exit_code == 0, run.exception
    printed = json.loads(run.stdout)
    assert printed["bench"] == "forecast"
    rows = {row["name"].removeprefix("quick.forecast.simbench."): row for row in printed["rows"]}
    assert all(row["name"].startswith("quick.forecast.simbench.") for row in printed["rows"])
    trained = ("train_cpu_seconds", "onnx_ms", "windows_per_cpu_second")
    expected = {f"{model}.{metric}" for model in models for metric in METRIC_NAMES}
    of_means = (OF_MEDIANS, *OF_METHODS, SHARE)
    expected |= {f"{model}.{metric}" for model in models[:2] for metric in (*trained, *of_means)}
    expected |= {f"champion.dm_p_{model}" for model in models[1:]}
    assert rows.keys() == expected | {"meters", "rows_scored", "rows_not_forecast"}
    assert all(np.isfinite(row["value"]) and row["target"] is None for row in rows.values())
    for metric in (*METRIC_NAMES, *trained, *of_means):
        beside = rows[f"champion.{metric}"]
        assert (beside["peer"], beside["peer_value"]) == ("lightgbm", rows[f"lightgbm.{metric}"]["value"])
    assert rows["champion.portfolio_wape_bottom_up"]["value"] == pytest.approx(rows["champion.portfolio_wape"]["value"])
    assert rows["champion.portfolio_wape_base"]["value"] != rows["champion.portfolio_wape"]["value"]
    assert rows[f"champion.{SHARE}"]["value"] == 1
    assert "A residual" in rows["champion.wape"]["note"]
    assert "epoch 2 of 2" in run.stderr  # the refit
    assert "s left" in run.stderr


def test_a_model_is_trained_as_the_pipeline_does(tmp_path: Path) -> None:
    protocol = draw_protocol()
    train, validation = (find_rows(protocol, side, FeatureEngineeringConfig())[0] for side in ("train", "validation"))
    config = default_config().training.consumption_forecasting.model_copy(
        update={"model_type": "residual", "lstm_units": 4, "epochs": 1, "max_training_windows": 16}
    )
    told: list[str] = []
    trained = train_model(TrainingSides(train, validation), config, tmp_path, "model", told.append)
    actual = validation.targets(np.arange(len(validation)))
    quantiles = forecast_by_graph(trained.served, validation)
    assert coverage(quantiles, actual) >= 0.9 > coverage(forecast_by_graph(trained.uncalibrated, validation), actual)
    assert trained.served.expected_load.of(quantiles).sum() == pytest.approx(actual.sum(), rel=0.01)
    assert told[0] == "model: 16 windows to fit, 21 to validate"


@pytest.mark.parametrize("name", ["seasonal_naive", "persistence"])
def test_a_baseline_gets_intervals_from_validation(name: str) -> None:
    protocol = draw_protocol()
    validation, test = (find_rows(protocol, side, FeatureEngineeringConfig())[0] for side in ("validation", "test"))
    points = [forecast_by_baseline(name, rows, len(LEVELS)) for rows in (validation, test)]
    assert (points[1] == points[1][..., :1]).all()
    rule = fit_intervals(points[0], validation, LEVELS)
    judged = score(test, points[1], rule.apply(points[1], row_scales(test)), LEVELS)
    assert set(judged.metrics) == set(METRIC_NAMES)
    assert judged.metrics["cov90_uncalibrated"] < 0.1 < 0.8 < judged.metrics["cov90"]
    assert judged.metrics["pinball"] < judged.metrics["pinball_uncalibrated"]
    assert judged.metrics["wape"] == pytest.approx(2 * judged.metrics["pinball_uncalibrated"])


def test_the_portfolio_is_the_sum_of_means() -> None:
    test, _ = find_rows(draw_protocol(), "test", FeatureEngineeringConfig())
    actual = test.targets(np.arange(len(test)))
    quantiles = np.repeat(0.8 * actual[..., None], len(LEVELS), axis=-1)
    judged = score(test, quantiles, quantiles, LEVELS, actual)
    assert (judged.metrics["portfolio_wape"], judged.metrics[OF_MEDIANS]) == pytest.approx((0, 0.2), abs=1e-6)


def write_mean_of_window(path: Path, protocol: Protocol) -> OnnxModel:
    """The window's mean at all intervals, plus the calendar's sum, as all quantiles; means are a tenth higher."""
    lengths = protocol.context
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["load_window", "means"], ["mean"]),
            helper.make_node("ReduceSum", ["horizon_calendar", "last"], ["days_sum"], keepdims=0),
            helper.make_node("Add", ["mean", "days_sum"], ["point"]),
            helper.make_node("Unsqueeze", ["point", "last"], ["column"]),
            helper.make_node("Concat", ["column"] * len(LEVELS), ["quantiles_kwh"], axis=2),
        ],
        "mean",
        [
            helper.make_tensor_value_info("load_window", TensorProto.FLOAT, ["N", lengths.sequence_length]),
            helper.make_tensor_value_info("horizon_calendar", TensorProto.FLOAT, ["N", lengths.forecast_horizon, "C"]),
        ],
        [helper.make_tensor_value_info("quantiles_kwh", TensorProto.FLOAT, ["N", lengths.forecast_horizon, "Q"])],
        [
            numpy_helper.from_array(
                np.full((lengths.sequence_length, lengths.forecast_horizon), 1 / lengths.sequence_length, np.float32),
                "means",
            ),
            numpy_helper.from_array(np.array([2]), "last"),
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=9), str(path))
    write_expected_load(path, ExpectedLoad((0.0, 0.0, 1.1, *[0.0] * (len(LEVELS) - 3))))
    return OnnxModel(path)


def test_sums_are_compared_on_meters_and_intervals_without_gaps(tmp_path: Path) -> None:
    protocol = draw_protocol(meters=6)
    kwh, (first, *_) = protocol.matrix.kwh.copy(), protocol.columns("test")
    kwh[0, first - 3 * DAY :: 2] = np.nan  # from validation on
    kwh[1, first + 5] = np.nan
    protocol = replace(protocol, matrix=replace(protocol.matrix, kwh=kwh))
    validation, test = (find_rows(protocol, side, FeatureEngineeringConfig())[0] for side in ("validation", "test"))
    graph = write_mean_of_window(tmp_path / "mean.onnx", protocol)
    figures = compare_portfolios(graph, validation, test)
    actual = test.targets(np.arange(len(test)))
    block = test.meters > 0
    assert figures[SHARE] == pytest.approx(5 * (12 * DAY - 1) / np.isfinite(actual).sum())
    means = 1.1 * forecast_by_graph(graph, test)[..., 0]
    total, measured = means[block].reshape(5, -1).sum(axis=0), actual[block].reshape(5, -1).sum(axis=0)
    kept = np.isfinite(measured)
    assert figures["portfolio_wape_bottom_up"] == pytest.approx(wape(total[kept], measured[kept]), rel=1e-4)
    calendar = 1.1 * test.take(np.arange(12)).features["horizon_calendar"].sum(axis=2).ravel()  # once, not five times
    once = total - 4 * calendar
    assert figures["portfolio_wape_base"] == pytest.approx(wape(once[kept], measured[kept]), rel=1e-4)
    assert figures["portfolio_wape_mint"] < figures["portfolio_wape_bottom_up"]
    negative = replace(test, protocol=replace(protocol, non_negative=False))
    with pytest.raises(ForecastError, match="a sum may be near zero"):
        compare_portfolios(graph, validation, negative)


def test_a_model_whose_sums_can_not_be_compared_is_scored_without(tmp_path: Path) -> None:
    protocol, told = draw_protocol(meters=1), []
    graph = write_mean_of_window(tmp_path / "mean.onnx", protocol)
    judged = Judge(protocol, default_config(), told.append)._score(Trained(graph, graph, 0.0), "mean")
    assert set(judged.metrics) == {*METRIC_NAMES, OF_MEDIANS}
    assert told[0].startswith("mean: forecasts of the sum are not compared: A single meter has nothing")


def made_up_result(name: str, **by_seed: list[float]) -> Result:
    """A result whose metrics are all alike, but for those that are given."""
    seeds = range(max((len(values) for values in by_seed.values()), default=1))
    errors = np.random.default_rng(len(name)).random((360, 1)) + len(name)
    scores = {
        seed: Score({m: by_seed[m][seed] if m in by_seed else 0.5 for m in METRIC_NAMES}, errors) for seed in seeds
    }
    return Result(name, scores, "a note", dict.fromkeys(seeds, 60.0), Speed(0.2, 9_000.0))


def test_targets_are_those_of_the_champion_alone() -> None:
    champion = made_up_result("champion", wape=[0.38, 0.38, 0.41], cov90=[0.93, 0.93, 0.93])
    trees = made_up_result("lightgbm", wape=[0.4])
    rows = {row.name: row for row in score_rows(LONDON, champion, trees)}
    wape, low, high = (rows[f"forecast.{LONDON}.champion.{name}"] for name in ("wape", "cov90", "cov90_at_most"))
    assert wape.value == pytest.approx(0.39)
    assert (wape.target, wape.direction, wape.met) == (0.385, "<=", False)
    assert (wape.peer, wape.peer_value) == ("lightgbm", 0.4)
    assert wape.detail == {"seeds": {"0": 0.38, "1": 0.38, "2": 0.41}}
    assert (low.target, low.direction, low.met) == (0.88, ">=", True)
    assert (high.target, high.direction, high.met) == (0.92, "<=", False)
    assert not any(row.target for row in score_rows(LONDON, trees, None))
    assert not any(row.target for row in score_rows("simbench", champion, trees))


@pytest.mark.parametrize(
    ("dataset", "targets"),
    [
        (LONDON, {"wape": 0.385, "mase": 0.81, "pinball": 0.1265, "portfolio_wape": 0.055}),
        (CAMBRIDGE, {"wape": 0.033, "mase": 0.525, "pinball": 0.0107, "portfolio_wape": 0.0145}),
        (ETT, {"mase": 1.20}),
    ],
)
def test_the_targets_of_each_set(dataset: str, targets: dict[str, float]) -> None:
    rows = {row.name.rpartition(".")[2]: row for row in score_rows(dataset, made_up_result("champion"), None)}
    bounds = {name: row.target for name, row in rows.items() if row.target and not name.startswith("cov90")}
    assert bounds == targets
    assert ("cov90_at_most" in rows) == (dataset != ETT)


def test_the_targets_of_speed_are_those_of_a_day_ahead_by_the_hour() -> None:
    rows = {row.name: row for row in speed_rows(LONDON, made_up_result("champion"), made_up_result("lightgbm"))}
    assert rows["forecast.onnx_ms_row"].met
    assert rows["forecast.windows_per_cpu_second"].met is False
    assert "forecast.onnx_ms_row" not in {row.name for row in speed_rows(ETT, made_up_result("champion"), None)}
    baseline = Result("persistence", made_up_result("x").scores, "")
    assert speed_rows(LONDON, baseline, None) == []


def test_the_better_forecast_has_the_small_p() -> None:
    test, _ = find_rows(draw_protocol(meters=30), "test", FeatureEngineeringConfig())
    champion, worse, better = (made_up_result(name) for name in ("champion", "much_worse_one", "good"))
    rows = {row.name.rpartition("_")[2]: row for row in difference_rows(test, champion, [worse, better])}
    assert rows["one"].value < 0.01
    assert rows["good"].value > 0.99


def test_each_model_has_a_configuration_with_the_lengths_of_the_protocol() -> None:
    config = default_config().with_forecasting(seed=7)
    candidates = {c.name: c.configs for c in choose_models((), config, draw_protocol(), 3, quick=False)}
    assert tuple(candidates) == MODELS
    assert list(candidates["champion"]) == [7, 8, 9]
    assert [c.seed for c in candidates["champion"].values()] == [7, 8, 9]
    assert candidates["champion"][7].model_type == config.training.consumption_forecasting.model_type
    assert candidates["transformer"][7].model_type == "transformer"
    assert candidates["transformer"][7].max_training_windows <= 40_000
    assert candidates["persistence"] == {}
    assert {(c[7].sequence_length, c[7].forecast_horizon) for c in candidates.values() if c} == {(672, 24)}
    assert lookback_days(config.with_forecasting(sequence_length=336)) == 28  # what the baselines read


def test_what_can_not_be_benchmarked_is_refused() -> None:
    config = default_config()
    with pytest.raises(UsageError, match="'oracle'"):
        choose_models(("oracle",), config, draw_protocol(), 1, quick=False)
    with pytest.raises(ConfigError, match=r"0\.1 and 0\.9"):
        narrow = config.with_forecasting(quantiles=(0.1, 0.5, 0.9))
        choose_models((), narrow, draw_protocol(), 1, quick=False)
