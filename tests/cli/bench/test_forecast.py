"""The benchmark of forecasts: from training to rows, as `metrify bench forecast --quick --json` runs it."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from metrify.cli.bench import app
from metrify.cli.bench.forecast.choose_models import MODELS, choose_models, lookback_days
from metrify.cli.bench.forecast.forecasters import fit_calibration, forecast_by_baseline, forecast_by_graph, row_scales
from metrify.cli.bench.forecast.household_protocols import CAMBRIDGE, LONDON
from metrify.cli.bench.forecast.protocol_rows import find_rows
from metrify.cli.bench.forecast.result import Result
from metrify.cli.bench.forecast.result_rows import difference_rows, score_rows, speed_rows
from metrify.cli.bench.forecast.score import METRICS, RECONCILED, UNCALIBRATED, Score, score
from metrify.cli.bench.forecast.share_out_sum import share_out_sum
from metrify.cli.bench.forecast.speed import Speed
from metrify.cli.bench.forecast.train_model import TrainingSides, settle_length, train_model
from metrify.cli.bench.forecast.transformer_protocols import ETT
from metrify.config.loader import default_config
from metrify.errors import ConfigError, UsageError
from metrify.forecasting.evaluation import coverage

from .protocols import draw_protocol

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
    expected |= {f"{model}.{metric}" for model in models[:2] for metric in (*trained, RECONCILED)}
    expected |= {f"champion.dm_p_{model}" for model in models[1:]}
    assert rows.keys() == expected | {"meters", "rows_scored", "rows_not_forecast"}
    assert all(np.isfinite(row["value"]) and row["target"] is None for row in rows.values())
    for metric in (*METRIC_NAMES, *trained, RECONCILED):
        beside = rows[f"champion.{metric}"]
        assert (beside["peer"], beside["peer_value"]) == ("lightgbm", rows[f"lightgbm.{metric}"]["value"])
    assert "A residual" in rows["champion.wape"]["note"]
    assert "epoch 1 of 1" in run.stderr
    assert "s left" in run.stderr


def test_a_model_is_calibrated_on_validation_and_can_be_fitted_again(tmp_path: Path) -> None:
    protocol = draw_protocol()
    train, validation, both, test = (
        find_rows(protocol, sides, True)[0]
        for sides in (("train",), ("validation",), ("train", "validation"), ("test",))
    )
    config = default_config().training.consumption_forecasting.model_copy(
        update={"model_type": "residual", "lstm_units": 4, "epochs": 1, "max_training_windows": 16}
    )
    told: list[str] = []
    once = train_model(TrainingSides(train, validation, None), config, tmp_path, "model", told.append)
    calibrated = coverage(forecast_by_graph(once.served, validation), validation.targets(np.arange(len(validation))))
    assert calibrated >= 0.9
    raw = forecast_by_graph(once.uncalibrated, validation)
    rule = fit_calibration(raw, validation, LEVELS, points=False)
    np.testing.assert_allclose(forecast_by_graph(once.served, validation), rule.apply(raw), rtol=1e-4, atol=1e-5)
    assert told[0] == "model: 16 windows to fit, 21 to validate"
    again = train_model(TrainingSides(train, validation, both), config, tmp_path, "model", told.append)
    assert any(line.startswith("model, refit: 16 windows") for line in told)
    factors = [
        (model.served, model.uncalibrated, forecast_by_graph(model.uncalibrated, test)) for model in (once, again)
    ]
    assert not np.array_equal(factors[0][2], factors[1][2])  # fitted to other rows
    np.testing.assert_allclose(forecast_by_graph(again.served, test), rule.apply(factors[1][2]), rtol=1e-4, atol=1e-5)


def test_a_second_fit_ends_where_the_first_was_best() -> None:
    curve = [{"loss": 1.0, "val_loss": loss} for loss in (3.0, 1.0, 2.0)]
    config = default_config().training.consumption_forecasting.model_copy(update={"epochs": 9})
    lengths = {}
    for kind in ("gru", "ensemble", "lightgbm"):
        settled = settle_length(config.model_copy(update={"model_type": kind}), curve)
        lengths[kind] = (settled.epochs, settled.trees.max_rounds)
    assert lengths == {
        "gru": (2, config.trees.max_rounds),
        "ensemble": (9, config.trees.max_rounds),
        "lightgbm": (9, 2),
    }


@pytest.mark.parametrize("name", ["seasonal_naive", "persistence"])
def test_a_baseline_gets_intervals_from_validation(name: str) -> None:
    protocol = draw_protocol()
    validation, test = (find_rows(protocol, (side,), True)[0] for side in ("validation", "test"))
    points = [forecast_by_baseline(name, rows, len(LEVELS)) for rows in (validation, test)]
    assert (points[1] == points[1][..., :1]).all()
    rule = fit_calibration(points[0], validation, LEVELS, points=True)
    judged = score(test, points[1], rule.apply(points[1], row_scales(test)), LEVELS)
    assert set(judged.metrics) == set(METRIC_NAMES)
    assert judged.metrics["cov90_uncalibrated"] < 0.1 < 0.8 < judged.metrics["cov90"]
    assert judged.metrics["pinball"] < judged.metrics["pinball_uncalibrated"]
    assert judged.metrics["wape"] == pytest.approx(2 * judged.metrics["pinball_uncalibrated"])


class SumOfWindow:
    """A model that forecasts the load of the window's last day, doubled."""

    def predict(self, features: dict[str, np.ndarray]) -> np.ndarray:
        return 2 * features["load_window"][:, -24:, None]


def test_a_shared_out_sum_is_that_of_the_portfolio_and_keeps_the_proportions() -> None:
    test, _ = find_rows(draw_protocol(), ("test",), True)
    yesterday = test.windows(np.arange(len(test)))[:, -24:]
    yesterday[:, 3] = 0
    shared = share_out_sum(SumOfWindow(), test, yesterday, 0)
    np.testing.assert_allclose(np.delete(shared, 3, axis=1), 2 * np.delete(yesterday, 3, axis=1), rtol=1e-5)
    assert not shared[:, 3].any()


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
    test, _ = find_rows(draw_protocol(meters=30), ("test",), True)
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
