"""What `metrify bench forecast` measures: the models that were asked for, on the protocol of one dataset."""

from dataclasses import dataclass

from metrify.cli.bench.forecast.choose_models import choose_models, lookback_days
from metrify.cli.bench.forecast.find_protocol import find_protocol
from metrify.cli.bench.forecast.judge import Judge
from metrify.cli.bench.forecast.kept_models import KeptModels
from metrify.cli.bench.forecast.protocol import shrink
from metrify.cli.bench.forecast.result import Result
from metrify.cli.bench.forecast.result_rows import (
    CHAMPION,
    PEER,
    describe_rows,
    difference_rows,
    score_rows,
    speed_rows,
)
from metrify.cli.bench.forecast.train_model import Tell
from metrify.cli.bench.report import Row
from metrify.config import Home, MetrifyConfig
from metrify.errors import ConfigError


@dataclass(frozen=True)
class ForecastBench:
    """A run of the benchmark.

    Attributes:
        dataset: Name of the dataset.
        models: Names of models; all of them where there is none.
        config: The configuration that the models are trained with.
        seeds: Of the champion.
        origins_per_day: Of training.
    """

    dataset: str
    models: tuple[str, ...]
    config: MetrifyConfig
    seeds: int
    origins_per_day: int

    def measure(self, quick: bool, tell: Tell) -> list[Row]:
        """Trains and judges the models, and makes the rows. The same run, started again after a stop, goes on.

        Args:
            quick: Few meters and origins, one epoch and one seed.
            tell: Where progress goes.

        Raises:
            MetrifyError: The dataset, a model or the configuration does not fit.
        """
        if self.config.feature_engineering.static_columns:
            raise ConfigError(
                "The protocols of `metrify bench forecast` know nothing of meters but their readings.",
                "Leave out `feature_engineering.static_columns`.",
            )
        protocol = find_protocol(self.dataset, lookback_days(self.config), self.origins_per_day)
        protocol = shrink(protocol) if quick else protocol
        candidates = choose_models(self.models, self.config, protocol, 1 if quick else self.seeds, quick)
        kept = KeptModels(Home.from_environment(), protocol, self.config)
        judge = Judge(protocol, self.config, tell, kept)
        tell(f"{protocol.name}: {len(protocol.matrix.meter_ids)} meters, {len(judge.test):,} rows to score")
        results = [result for candidate in candidates for result in judge.judge(candidate)]
        rows = [*describe_rows(judge.test, judge.refused), *_rows(judge, results)]
        kept.forget()
        return rows


def _rows(judge: Judge, results: list[Result]) -> list[Row]:
    dataset, by_name, rows = judge.test.protocol.name, {result.name: result for result in results}, []
    for result in results:
        peer = None if result.name == PEER else by_name.get(PEER)
        rows += [*score_rows(dataset, result, peer), *speed_rows(dataset, result, peer)]
    champion = by_name.get(CHAMPION)
    others = [result for result in results if result is not champion]
    return rows + (difference_rows(judge.test, champion, others) if champion else [])
