"""The section `training.anomaly_detection`."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from metrify.config.section import Section, Share

MemberType = Literal["autoencoder", "lstm_autoencoder", "isolation_forest", "one_class_svm", "forecast_residual"]
DetectorType = Literal[MemberType, "ensemble"]
_LEAST_HISTORY_DAYS = 14
LEAST_TRAINING_DAYS = 1_000  # of fewer, nobody can tell what is ordinary


class AnomalyDetectionConfig(Section):
    """The detector of anomalous meter-days."""

    model_type: DetectorType = "ensemble"
    ensemble_members: tuple[MemberType, ...] = ("autoencoder", "isolation_forest")  # whose scores an ensemble reads
    history_days: Annotated[int, Field(ge=_LEAST_HISTORY_DAYS)] = 28  # that a day is compared with
    # The threshold is fitted to it. One a month is what crews bear; other meters have some percent more, or less.
    false_alarms_per_meter_month: Annotated[float, Field(gt=0)] = 0.9
    threshold_method: Literal["quantile", "tail"] = "quantile"  # tail: by a generalised Pareto tail of the scores
    max_gap_days: Annotated[int, Field(ge=1)] = 2  # anomalous days of one event are at most so many days apart
    max_missing_share: Share = 0.5  # of a day's readings; with more, it is listed as missing and not scored
    max_training_days: Annotated[int, Field(ge=LEAST_TRAINING_DAYS)] = (
        200_000  # meter-days that a detector is fitted to
    )
    calibration_share: Share = 0.2  # of the training meters, on which the threshold is fitted
    fault_copies: Annotated[int, Field(ge=1)] = 4  # faults put into each training meter, one at a time
    fault_weight: Annotated[float, Field(gt=0)] = 0.1  # of all days with one kind of fault, over that of all others
    units: Annotated[int, Field(ge=2, le=512)] = 12  # of the narrowest layer of an autoencoder
    epochs: Annotated[int, Field(ge=1)] = 10
    batch_size: Annotated[int, Field(ge=1)] = 512
    learning_rate: Annotated[float, Field(gt=0)] = 2e-3
    forecast_epochs: Annotated[int, Field(ge=1)] = 4  # of the quantile network that residuals are of
    forest_trees: Annotated[int, Field(ge=1)] = 100  # of an isolation forest
    random_features: Annotated[int, Field(ge=1)] = 256  # of a one-class SVM
    boosting_rounds: Annotated[int, Field(ge=1)] = 60  # of the trees of an ensemble
    kind_rounds: Annotated[int, Field(ge=1)] = 15  # of those that tell kinds of faults beside another detector
    seed: int = 0

    @model_validator(mode="after")
    def _an_ensemble_has_members(self) -> Self:
        if self.model_type == "ensemble" and not self.ensemble_members:
            raise ValueError("ensemble_members is empty: name the detectors that an ensemble reads")
        return self

    @property
    def detectors(self) -> tuple[MemberType, ...]:
        """Those that are fitted without faults: the members of an ensemble, or the detector itself."""
        return tuple(dict.fromkeys(self.ensemble_members)) if self.model_type == "ensemble" else (self.model_type,)

    @property
    def window_days(self) -> int:
        """Days that a detector reads: the judged one, and those that it is compared with."""
        return self.history_days + 1
