"""Judges models on the rows of one protocol, each as it is served."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from metrify.cli.bench.forecast.choose_models import Candidate
from metrify.cli.bench.forecast.forecasters import fit_intervals, forecast_by_baseline, forecast_by_graph, row_scales
from metrify.cli.bench.forecast.kept_models import KeptModels
from metrify.cli.bench.forecast.portfolio import compare_portfolios
from metrify.cli.bench.forecast.protocol import Protocol
from metrify.cli.bench.forecast.protocol_rows import WEATHER_FEATURES, ProtocolRows, find_rows
from metrify.cli.bench.forecast.result import Result
from metrify.cli.bench.forecast.result_rows import CHAMPION
from metrify.cli.bench.forecast.score import METRICS, Score, score
from metrify.cli.bench.forecast.speed import measure_speed
from metrify.cli.bench.forecast.train_model import Tell, Trained, TrainingSides, train_model
from metrify.config import MetrifyConfig
from metrify.config.schema import ConsumptionForecastingConfig
from metrify.errors import ForecastError

_WITHOUT_WEATHER = "without_weather"


class Judge:
    """Trains and scores models; what was trained once is not trained again.

    Args:
        protocol: The protocol.
        config: Its quantiles, and what the rows tell beside their readings.
        tell: Where progress goes.
        kept: Where trainings lie that a stopped run has begun; without it, nothing is kept.

    Attributes:
        test: The rows that are scored.
        refused: By meter, how many rows of the test could not be forecast.
    """

    def __init__(self, protocol: Protocol, config: MetrifyConfig, tell: Tell, kept: KeptModels | None = None) -> None:
        self._levels, self._tell, self._kept = config.training.consumption_forecasting.quantiles, tell, kept
        chosen = config.feature_engineering

        def rows_of(side: str) -> ProtocolRows:
            return find_rows(protocol, side, chosen)[0]

        self._sides = TrainingSides(rows_of("train"), rows_of("validation"))
        self.test, refused = find_rows(protocol, "test", chosen)
        names = protocol.matrix.meter_ids
        self.refused = {str(names[meter]): int(refused[meter]) for meter in np.flatnonzero(refused)}
        self._trained: dict[tuple[ConsumptionForecastingConfig, bool], Trained] = {}

    def judge(self, candidate: Candidate) -> list[Result]:
        """The result of a model; of a champion that reads the weather also without it, by its first seed."""
        if not candidate.configs:
            return [self._judge_baseline(candidate.name)]
        result, reads_weather = self._judge_trained(candidate.name, candidate.configs, weather=True)
        if not reads_weather or candidate.name != CHAMPION:
            return [result]
        seed, config = next(iter(candidate.configs.items()))
        name = f"{candidate.name}_{_WITHOUT_WEATHER}"
        return [result, self._judge_trained(name, {seed: config}, weather=False)[0]]

    def _judge_baseline(self, name: str) -> Result:
        self._tell(f"{name}: scoring")
        validation, levels = self._sides.validation, self._levels
        known, points = (forecast_by_baseline(name, rows, len(levels)) for rows in (validation, self.test))
        calibration = fit_intervals(known, validation, levels)
        calibrated = calibration.apply(points, row_scales(self.test))
        note = "Its intervals are multiples of the window's mean load, calibrated on validation."
        return Result(name, {0: score(self.test, points, calibrated, levels)}, note)

    def _judge_trained(
        self, name: str, configs: dict[int, ConsumptionForecastingConfig], weather: bool
    ) -> tuple[Result, bool]:
        """The result, and whether the model reads the weather."""
        trained, scores = {}, {}
        for seed, config in configs.items():
            label = f"{name}, seed {seed}"
            trained[seed] = self._train(label, config, weather)
            scores[seed] = self._score(trained[seed], label)
            figures = ", ".join(f"{metric} {scores[seed].metrics[metric]:.4g}" for metric in METRICS)
            self._tell(f"{label}: {figures}, {trained[seed].cpu_seconds:.0f} CPU seconds of training")
        seconds = {seed: model.cpu_seconds for seed, model in trained.items()}
        first = next(iter(trained))
        graph = trained[first].served
        reads = sorted(set(graph.input_names) & set(WEATHER_FEATURES))
        windows = min(configs[first].max_training_windows, len(self._sides.train))
        refit = ", refit through validation" if configs[first].refit_through_validation else ""
        note = (
            f"A {configs[first].model_type} of {windows:,} windows{refit}, judged as it is served; it reads "
            f"{' and '.join(reads) or 'no weather'}."
        )
        return Result(name, scores, note, seconds, measure_speed(graph, self.test)), bool(reads)

    def _train(self, label: str, config: ConsumptionForecastingConfig, weather: bool) -> Trained:
        if (config, weather) not in self._trained:
            sides = self._sides if weather else self._sides.without_weather()
            with tempfile.TemporaryDirectory(prefix="metrify-bench-") as scratch:
                folder = self._kept.of(config, weather) if self._kept else Path(scratch)
                self._trained[config, weather] = train_model(sides, config, folder, label, self._tell)
        return self._trained[config, weather]

    def _score(self, trained: Trained, label: str) -> Score:
        before, after = (forecast_by_graph(graph, self.test) for graph in (trained.uncalibrated, trained.served))
        expected = trained.served.expected_load
        scored = score(self.test, before, after, self._levels, None if expected is None else expected.of(after))
        try:
            portfolios = compare_portfolios(trained.served, self._sides.validation, self.test)
        except ForecastError as error:
            self._tell(f"{label}: forecasts of the sum are not compared: {error}")
            return scored
        return replace(scored, metrics=scored.metrics | portfolios)
