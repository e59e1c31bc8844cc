"""One error tree: each error says what was wrong and how to mend it.

`exit_code` is what the command line returns and `status_code` what a server answers, so no layer has to translate.
"""

from collections.abc import Sequence


class MetrifyError(Exception):
    """What went wrong, and what mends it.

    Args:
        problem: One sentence that says what was wrong, with the offending value.
        mend: One sentence that says what the user can do about it.
    """

    exit_code = 1
    status_code = 500

    def __init__(self, problem: str, mend: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.problem} {self.mend}".rstrip()


class UsageError(MetrifyError):
    """The command line was used wrongly."""

    exit_code = 2
    status_code = 400


class ConfigError(UsageError):
    """A configuration file or value is not valid."""


class DatasetError(MetrifyError):
    """A dataset is missing, unreadable or not in the contract's form."""


class ReadingsError(DatasetError):
    """Readings break their schema: a wrong column, unit, resolution or time stamp."""


class DatasetOptionError(ReadingsError, UsageError):
    """An import was told to add to a dataset in a way that the dataset does not allow."""


class DownloadError(MetrifyError):
    """A file can't be downloaded, or is not the one that was meant."""


class FeatureStoreError(MetrifyError):
    """The feature store can't be reached or lacks what was asked for."""

    status_code = 503


class TrackingError(MetrifyError):
    """The experiment tracker or model registry can't be reached or lacks what was asked for."""


class BundleError(MetrifyError):
    """A model bundle is missing, damaged, unsigned or does not fit this server."""


class GateRefusedError(MetrifyError):
    """A trained model is not good enough to become a candidate."""


class AnomalyError(MetrifyError):
    """Anomalies can't be injected, found or judged as they are."""


class GridError(MetrifyError):
    """A feeder's network can't be read or controlled as it is."""

    status_code = 422


class PowerFlowError(GridError):
    """A power flow has no solution that can be found."""


class ForecastError(MetrifyError):
    """Forecasts can't be scored, calibrated or reconciled as they are."""


class PipelineRunError(MetrifyError):
    """A pipeline run failed; the message carries the root cause of the failed task."""


class PortInUseError(MetrifyError):
    """A port that a server needs is taken."""


class ServiceError(MetrifyError):
    """A served process did not start, or died."""

    status_code = 503


class InvalidRequestError(MetrifyError):
    """The client sent something that can't be answered as it is."""

    status_code = 400


class RefusedMetersError(InvalidRequestError):
    """Some meters of a request can't be answered; none is ever made up.

    Args:
        problem: What is wrong with them.
        meters: The meters concerned.
        mend: What the client can do.
    """

    def __init__(self, problem: str, meters: Sequence[str], mend: str = "") -> None:
        super().__init__(problem, mend)
        self.meters = tuple(meters)


class UnknownMeterError(RefusedMetersError):
    """Meters that the feature store has never seen."""

    status_code = 404


class InsufficientHistoryError(RefusedMetersError):
    """Meters whose readings don't tell enough of the window that the model needs."""

    status_code = 422


class UnknownDayError(RefusedMetersError):
    """Meters of which the store does not hold the day that is asked for."""


class MissingReadingsError(RefusedMetersError):
    """Meters of which too few of a day's readings are there to judge it."""

    status_code = 422


class UnknownFeederError(InvalidRequestError):
    """A feeder that the service does not control."""

    status_code = 404


class PredictorRefusedError(InvalidRequestError):
    """What the predictor of a variant was asked for has no answer."""

    status_code = 422


class PredictorUnavailableError(MetrifyError):
    """The predictor of a variant can't be reached in time."""

    status_code = 503
