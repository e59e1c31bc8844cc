"""MLflow: a search as a run, and each of its trials as a run nested in it."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from metrify.adapters.tracked_run import find_experiment
from metrify.adapters.tracking import tracking_uri
from metrify.config import Home, MetrifyConfig
from metrify.errors import TrackingError

_PARENT_TAG = "mlflow.parentRunId"


@dataclass(frozen=True)
class TrialRecord:
    """What a trial was and how it went.

    Attributes:
        number: Of the trial.
        parameters: What it tried.
        curve: Losses by epoch.
        loss: Its best validation loss; None where it was stopped early.
    """

    number: int
    parameters: Mapping[str, object]
    curve: Sequence[Mapping[str, float]]
    loss: float | None


class TrackedSearch:
    """The runs of a search.

    Args:
        home: Where a relative SQLite file lies.
        config: Tracking address and experiment.
        name: Of the search. Whoever goes on with a search of that name logs into the same run.

    Raises:
        TrackingError: MLflow can't be reached or refuses.
    """

    def __init__(self, home: Home, config: MetrifyConfig, name: str) -> None:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException

        home.root.mkdir(parents=True, exist_ok=True)
        self._uri, self._refused = tracking_uri(home, config), MlflowException
        try:
            self._client = MlflowClient(tracking_uri=self._uri)
            self._experiment = find_experiment(self._client, home, config)
            query = f"attributes.run_name = '{name}'"
            found = self._client.search_runs([self._experiment], query, max_results=1)
            self._run_id = (found[0] if found else self._client.create_run(self._experiment, run_name=name)).info.run_id
        except MlflowException as error:
            raise self._error(error) from error

    def log_trial(self, trial: TrialRecord) -> None:
        """Logs a trial.

        Raises:
            TrackingError: MLflow can't be reached or refuses.
        """
        from mlflow.entities import Metric, Param

        now = int(time.time() * 1000)
        metrics = [
            Metric(key, value, now, epoch)
            for epoch, losses in enumerate(trial.curve, start=1)
            for key, value in losses.items()
        ]
        params = [Param(key, str(value)) for key, value in trial.parameters.items()]
        try:
            run = self._client.create_run(
                self._experiment, tags={_PARENT_TAG: self._run_id}, run_name=f"trial-{trial.number}"
            )
            self._client.log_batch(run.info.run_id, metrics=metrics, params=params)
            if trial.loss is not None:
                self._client.log_metric(run.info.run_id, "validation_pinball", trial.loss)
            self._client.set_terminated(run.info.run_id, "KILLED" if trial.loss is None else "FINISHED")
        except self._refused as error:
            raise self._error(error) from error

    def close(self, parameters: Mapping[str, object], loss: float) -> None:
        """Logs what was found.

        Raises:
            TrackingError: MLflow can't be reached or refuses.
        """
        try:
            for key, value in parameters.items():
                self._client.set_tag(self._run_id, f"best.{key}", str(value))  # a param could not change any more
            self._client.log_metric(self._run_id, "validation_pinball", loss)
            self._client.set_terminated(self._run_id)
        except self._refused as error:
            raise self._error(error) from error

    def _error(self, error: Exception) -> TrackingError:
        return TrackingError(f"MLflow at {self._uri} refused: {error}.", "Check mlflow.tracking_uri.")
