"""Trains what a configuration asks for, calibrates it and exports it: the training pipeline and the bench call this."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.forecasting.expected_load import write_expected_load
from metrify.forecasting.training.calibrate_graph import calibrate_graph
from metrify.forecasting.training.calibrate_model import Calibration, fit_calibration
from metrify.forecasting.training.fit_model import FittedModel, Lengths, fit_model
from metrify.forecasting.training.rows import JoinedRows, RowSource

OnStep = Callable[[int, dict[str, float]], None]


@dataclass(frozen=True)
class TrainedModel:
    """A model in a file.

    Attributes:
        curve: The losses by epoch of networks, or by round of trees, of the fit that was chosen by validation.
        calibration: That of the intervals is part of the graph, and the weights of means are in the file's metadata.
    """

    curve: list[dict[str, float]]
    calibration: Calibration


def train_model(
    train: RowSource,
    validation: RowSource,
    config: ConsumptionForecastingConfig,
    day_length: int,
    path: Path,
    on_step: OnStep,
    checkpoints: Path | None = None,
) -> TrainedModel:
    """Fits on the training rows, chooses and calibrates on the validation rows, and exports the graph.

    With `refit_through_validation`, a last fit takes the rows of both, for as many epochs, or rounds of each level of
    trees, as were the best of the first fit; the calibration is then that of the first fit, since no rows are left. The
    first fit of an ensemble is that of its first member alone, which saves nearly half of the time.

    Args:
        train: Rows to fit.
        validation: Rows of a later time.
        config: Model and training parameters.
        day_length: Intervals in a day.
        path: The ONNX file to write.
        on_step: Called after each epoch of a network, or each quantile level of trees, with its number from 1, counted
            over all fits, and its losses.
        checkpoints: A folder of this training alone, from which a training that was killed goes on; the caller removes
            it. Nothing is kept without it.

    Raises:
        ConfigError: The sequence is not a whole number of days, or too short.
    """

    def fit(
        name: str, rows: RowSource, settings: ConsumptionForecastingConfig, before: int, lengths: Lengths | None = None
    ) -> FittedModel:
        folder = checkpoints / name if checkpoints else None
        tell = lambda step, losses: on_step(before + step, losses)  # noqa: E731
        return fit_model(rows, validation, settings, day_length, tell, folder, lengths)

    pilot = config.pilot
    chosen = fit("chosen", train, pilot, 0)
    chosen.export_onnx(path)
    calibration = fit_calibration(path, validation, config.quantiles, config.seed)
    if config.refit_through_validation:
        both = JoinedRows(train, validation)
        fit("refit", both, config, pilot.steps_of_fit, chosen.best_lengths).export_onnx(path)
    calibrate_graph(path, calibration.intervals)
    write_expected_load(path, calibration.expected_load)
    return TrainedModel(chosen.curve, calibration)
