"""What `bundle.json` says."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from metrify.errors import InvalidRequestError
from metrify.features.batch import FeatureContext

Task = Literal["load-forecast", "anomaly-detection", "grid-optimization"]

FORECASTER_NAME = "load-forecaster"  # of the model, its bundles, its service and its place in the registry
DETECTOR_NAME = "anomaly-detector"  # likewise
OPTIMIZER_NAME = "grid-optimizer"  # likewise
MANIFEST_FILE = "bundle.json"
MODEL_FILE = "model.onnx"
DRIFT_REFERENCE_FILE = "drift_reference.parquet"
THRESHOLDS_FILE = "thresholds.json"
MODEL_CARD_FILE = "model_card.md"
COLD_START_FILE = "cold_start.json"
FEEDER_FILE = "feeder.json"  # what a controller controls
SIGNATURE_FILE = "signature.json"
SIGNED_FILES = (MANIFEST_FILE, MODEL_FILE, DRIFT_REFERENCE_FILE, THRESHOLDS_FILE, MODEL_CARD_FILE)
OPTIONAL_FILES = (COLD_START_FILE, FEEDER_FILE)  # signed too where they are there


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tensor(_Frozen):
    """A named input or output; -1 stands for the number of rows.

    Attributes:
        labels: What each place of the last axis stands for, where that has names.
    """

    name: str
    dtype: Literal["FP32", "BOOL"] = "FP32"
    shape: tuple[int, ...]
    unit: str
    labels: tuple[str, ...] = ()


class BundleDescription(_Frozen):
    """What is known of a model once it is trained, before anybody judged it.

    Attributes:
        features: Labels of the features it was trained with, for instance `load_window@2`.
        feature_spec_hash: Hash of just these features.
        sequence_length: Intervals that a row reads; of a detector the judged day is the last of them. A controller's
            are the week before, which it expects again where nothing is forecast.
        forecast_horizon: Intervals that a forecaster forecasts; of a detector those of the judged day, and of a
            controller those whose forecast it reads.
        quantiles: Of a forecaster's output; a detector has none.
        training_period: First and last origin of the training rows, RFC 3339 UTC.
    """

    name: str
    task: Task
    model_type: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    features: tuple[str, ...]
    feature_spec_hash: str
    resolution_minutes: int
    sequence_length: int
    forecast_horizon: int
    quantiles: tuple[float, ...] = ()
    timezone: str
    country: str
    training_period: tuple[str, str]
    dataset_name: str
    dataset_fingerprint: str

    @property
    def context(self) -> FeatureContext:
        """What the feature functions need to know."""
        return FeatureContext(
            self.sequence_length, self.forecast_horizon, self.resolution_minutes, self.timezone, self.country
        )


class BundleManifest(BundleDescription):
    """Everything a server needs to know of a model, and where the model comes from.

    Attributes:
        version: `<model type>-<hash of the ONNX file>`.
        code_version: Version of the code that trained it.
        metrics: Accuracy on the test rows, with the baselines' beside it.
    """

    version: str
    code_version: str
    metrics: dict[str, float]


def require_horizon(horizon: int | None, manifest: BundleManifest) -> int:
    """How many intervals of each forecast are wanted: all of the model's, where nobody says otherwise.

    Raises:
        InvalidRequestError: The model forecasts fewer, or none is wanted.
    """
    wanted, given = manifest.forecast_horizon if horizon is None else horizon, manifest.forecast_horizon
    if not 1 <= wanted <= given:
        raise InvalidRequestError(
            f"A horizon of {wanted} intervals is asked for, and {manifest.version} forecasts 1 to {given} of "
            f"{manifest.resolution_minutes} minutes.",
            "Ask for fewer, or train a model with a longer training.consumption_forecasting.forecast_horizon.",
        )
    return wanted
