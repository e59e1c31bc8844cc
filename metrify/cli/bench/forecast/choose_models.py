"""Which models there are, and the configuration that each of them is trained with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from metrify.cli.bench.forecast.forecasters import BASELINES
from metrify.cli.bench.forecast.protocol import Protocol
from metrify.cli.bench.forecast.result_rows import CHAMPION, PEER
from metrify.config.schema import ConsumptionForecastingConfig, MetrifyConfig, ModelType
from metrify.errors import ConfigError, UsageError
from metrify.forecasting.baselines import PERSISTENCE_LAG_DAYS
from metrify.units import HOURS_PER_DAY

MODELS = (CHAMPION, *get_args(ModelType), *BASELINES)
_LOWEST, _HIGHEST = 0.05, 0.95
_QUICK_EPOCHS, _QUICK_ROUNDS = 1, 10
_WINDOWS_OF_OTHERS = 40_000  # so that a run of all models ends within an hour


@dataclass(frozen=True)
class Candidate:
    """A model that is to be judged.

    Attributes:
        name: How its rows call it.
        configs: By seed; empty for a baseline.
    """

    name: str
    configs: dict[int, ConsumptionForecastingConfig]


def choose_models(
    names: Sequence[str], config: MetrifyConfig, protocol: Protocol, seeds: int, quick: bool
) -> list[Candidate]:
    """The models in the order in which they were asked for, each once; all of `MODELS` where none was.

    The champion is what the configuration trains, and so with its trees in its place is its peer. Other networks have
    fewer windows and no refit, and all other keys the same.

    Args:
        names: Of `MODELS`.
        config: The configuration.
        protocol: Whose lengths they take.
        seeds: How many the champion has; the others have one.
        quick: Whether one epoch is enough.

    Raises:
        UsageError: There is no such model.
        ConfigError: The outermost quantiles are not 0.05 and 0.95.
    """
    unknown = [name for name in names if name not in MODELS]
    if unknown:
        raise UsageError(f"There is no model {', '.join(map(repr, unknown))}.", f"Use {', '.join(MODELS)}.")
    model = config.training.consumption_forecasting
    if (model.quantiles[0], model.quantiles[-1]) != (_LOWEST, _HIGHEST):
        raise ConfigError(
            f"The outermost quantiles are {model.quantiles[0]} and {model.quantiles[-1]}.",
            f"Benchmark a configuration with quantiles from {_LOWEST} to {_HIGHEST}: cov90 is their coverage.",
        )
    lengths = {
        "sequence_length": protocol.context.sequence_length,
        "forecast_horizon": protocol.context.forecast_horizon,
    }
    fitted = model.model_copy(update=lengths)
    if quick:
        trees = model.trees.model_copy(update={"max_rounds": _QUICK_ROUNDS})
        fitted = fitted.model_copy(update={"epochs": _QUICK_EPOCHS, "trees": trees})
    candidates = []
    for name in dict.fromkeys(names or MODELS):
        kind = model.model_type if name == CHAMPION else name
        count = 0 if name in BASELINES else seeds if name == CHAMPION else 1
        shorter = {} if name in (CHAMPION, PEER) else _shorten(fitted)
        configs = {
            seed: fitted.model_copy(update={"model_type": kind, "seed": seed, **shorter})
            for seed in range(model.seed, model.seed + count)
        }
        candidates.append(Candidate(name, configs))
    return candidates


def _shorten(fitted: ConsumptionForecastingConfig) -> dict[str, object]:
    windows = min(fitted.max_training_windows, _WINDOWS_OF_OTHERS)
    return {"max_training_windows": windows, "refit_through_validation": False}


def lookback_days(config: MetrifyConfig) -> int:
    """Days of history: those of `sequence_length` in hours, and as many as the baselines read."""
    hours = config.training.consumption_forecasting.sequence_length
    return max(-(-hours // HOURS_PER_DAY), max(PERSISTENCE_LAG_DAYS))
