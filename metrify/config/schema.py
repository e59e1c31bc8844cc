"""The shape of `ml_config.yaml`: one frozen model a section, units in the names, unknown keys refused."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from metrify.config.anomaly_detection import AnomalyDetectionConfig
from metrify.config.grid import GridConfig
from metrify.config.grid_optimization import GridOptimizationConfig
from metrify.config.search_space import SearchSpace, edges, replace_parameters
from metrify.config.section import Section, Share

Port = Annotated[int, Field(ge=0, le=65535)]

NetworkType = Literal["lstm", "gru", "cnn_lstm", "attention_lstm", "transformer", "mixer", "residual", "context"]
ModelType = Literal[NetworkType, "ensemble", "lightgbm"]
_SEARCHED = (
    "model_type",
    "lstm_units",
    "dropout_rate",
    "epochs",
    "early_stopping_patience_epochs",
    "batch_size",
    "learning_rate",
)
# A meter's own name would be the meter itself; groups are kept apart by the splits, so test meters have unknown ones.
_NO_CLASSES = ("meter_id", "group")
ColumnName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=64)]
_UNREAD_BY_MODELS = ("include_load_statistics", "include_grid_status")

# Of readings; future and outlying ones are not among them, since they are kept out whatever the configuration says.
FAULT_NAMES = ("negative", "impossible", "spike", "jump", "zero_run", "missing_zero", "flat_line", "stuck")


class SplitConfig(Section):
    """How meters and time are divided. Both divisions hold at once: a test row is a held-out meter in a later time."""

    train_share: Share = 0.60  # of the meters, whole profile groups at a time
    validation_share: Share = 0.20
    train_time_share: Share = 0.70  # of the days, oldest first
    validation_time_share: Share = 0.15
    seed: int = 0

    @model_validator(mode="after")
    def _leave_a_test_side(self) -> Self:
        if self.train_share + self.validation_share >= 1 or self.train_time_share + self.validation_time_share >= 1:
            raise ValueError("train and validation shares must sum to less than 1, so that a test side is left")
        return self


class QualityConfig(Section):
    """Which readings are faulty, what keeps them out, and when a day and a meter are good enough.

    Lengths of runs are those of unbroken runs of present readings. A multiple is of what the meter itself does; its
    highest ordinary reading and step are those at `high_quantile`.
    """

    min_coverage: Annotated[float, Field(ge=0, le=1)] = 0.90  # of the intervals from a meter's first to last reading
    min_days: Annotated[int, Field(ge=0)] = 28  # local days of a meter that are not bad
    min_mean_kwh: Annotated[float, Field(ge=0)] = 0.001  # per interval; below it the meter does not consume
    min_day_coverage: Annotated[float, Field(ge=0, le=1)] = 0.75  # a local day with less is bad
    max_kw: Annotated[float, Field(gt=0)] | None = None  # above it a reading is impossible; null: no limit is known
    zero_run_hours: Annotated[float, Field(gt=0)] = 48  # zeros from this length on: vacant, or switched off
    missing_zero_hours: Annotated[float, Field(gt=0)] = 2  # the same where a missing reading was written as 0
    flat_line_hours: Annotated[float, Field(gt=0)] = 12  # one value that is not 0, from this length on
    stuck_hours: Annotated[float, Field(gt=0)] = 24  # a flat line from this length on is no load
    high_quantile: Annotated[float, Field(gt=0.5, lt=1)] = 0.995
    spike_multiple: Annotated[float, Field(gt=1)] = 2.5  # of the meter's highest ordinary reading
    spike_neighbour_multiple: Annotated[float, Field(gt=1)] = 2.0  # of both neighbours of a spike
    jump_multiple: Annotated[float, Field(gt=1)] = 2.5  # of the meter's highest ordinary step
    ordinary_kw: Annotated[float, Field(ge=0)] = 1.0  # what any connection may draw: no spike or jump up to here
    max_silent_days: Annotated[int, Field(ge=1)] = 400  # without any reading of the dataset; a few before are outlying
    quarantined_faults: tuple[str, ...] = ("negative", "impossible", "spike+jump", "missing_zero", "stuck")
    imputation: Literal["none", "same_hour"] = "none"  # same_hour: mean of the same clock time of earlier weeks
    imputation_max_gap_hours: Annotated[float, Field(gt=0, le=24)] = 3  # what lies deeper in a gap stays missing

    @field_validator("quarantined_faults")
    @classmethod
    def _name_known_faults(cls, rules: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted({name for rule in rules for name in rule.split("+")} - set(FAULT_NAMES))
        if unknown:
            raise ValueError(
                f"there is no fault {', '.join(map(repr, unknown))}; there are {', '.join(FAULT_NAMES)}, "
                "and `a+b` for readings that have both"
            )
        return rules

    @model_validator(mode="after")
    def _call_stuck_what_is_a_longer_flat_line(self) -> Self:
        if self.stuck_hours < self.flat_line_hours:
            raise ValueError(
                f"stuck_hours ({self.stuck_hours:g}) is shorter than flat_line_hours ({self.flat_line_hours:g})"
            )
        return self


class TreesConfig(Section):
    """How trees are grown where `model_type` is lightgbm. An interval is one of the horizon of one window."""

    max_rounds: Annotated[int, Field(ge=1)] = 200  # trees of each quantile level
    early_stopping_patience_rounds: Annotated[int, Field(ge=1)] = 20
    learning_rate: Annotated[float, Field(gt=0)] = 0.1
    max_leaves: Annotated[int, Field(ge=2)] = 95
    min_leaf_intervals: Annotated[int, Field(ge=1)] = 500  # of mean weight
    column_share: Annotated[float, Field(gt=0, le=1)] = 0.4  # drawn for each tree
    interval_share: Annotated[float, Field(gt=0, le=1)] = 0.6  # drawn for each tree


class ConsumptionForecastingConfig(Section):
    """The day-ahead quantile forecaster."""

    model_type: ModelType = "ensemble"
    sequence_length: Annotated[int, Field(gt=0)] = 672  # intervals of history that the network reads
    forecast_horizon: Annotated[int, Field(gt=0)] = 24  # intervals
    ensemble_members: Annotated[tuple[NetworkType, ...], Field(min_length=1)] = ("context", "context", "context")
    lstm_units: Annotated[int, Field(ge=4, le=512)] = 32
    dropout_rate: Annotated[float, Field(ge=0, lt=1)] = 0.2
    meter_embedding_size: Annotated[int, Field(ge=1, le=64)] = 8  # numbers learnt of each meter, and each static value
    unknown_meter_share: Share = 0.1  # of training rows, whose meter is hidden: this is what new meters are forecast by
    quantiles: tuple[Share, ...] = (0.05, 0.25, 0.5, 0.75, 0.95)
    epochs: Annotated[int, Field(ge=1)] = 6
    early_stopping_patience_epochs: Annotated[int, Field(ge=1)] = 3
    batch_size: Annotated[int, Field(ge=1)] = 256
    learning_rate: Annotated[float, Field(gt=0)] = 3e-3
    max_training_windows: Annotated[int, Field(ge=1)] = 200_000
    seed: int = 0
    trees: TreesConfig = TreesConfig()
    refit_through_validation: bool = True  # a last fit to the rows of both sides

    @property
    def steps_of_fit(self) -> int:
        """Epochs of one fit over all its networks, or one for each quantile level of trees."""
        if self.model_type == "lightgbm":
            return len(self.quantiles)
        return self.epochs * (len(self.ensemble_members) if self.model_type == "ensemble" else 1)

    @property
    def steps_of_training(self) -> int:
        """The same over all fits, as many as there can be."""
        return self.pilot.steps_of_fit + (self.steps_of_fit if self.refit_through_validation else 0)

    @property
    def pilot(self) -> Self:
        """The fit that epochs and intervals are chosen by; of an ensemble with a refit, its first member alone."""
        if self.model_type == "ensemble" and self.refit_through_validation:
            return self.members[0]
        return self

    @property
    def members(self) -> tuple[Self, ...]:
        """Of an ensemble, each network for itself; ensembles of different seeds share no network."""
        first = self.seed * len(self.ensemble_members)
        named = enumerate(self.ensemble_members, start=first)
        return tuple(self.model_copy(update={"model_type": name, "seed": seed}) for seed, name in named)

    def settled(self, epochs: int) -> Self:
        """The same for a number of epochs that nothing stops before their end."""
        return self.model_copy(update={"epochs": epochs, "early_stopping_patience_epochs": epochs})

    @field_validator("quantiles")
    @classmethod
    def _rise_and_hold_the_median(cls, quantiles: tuple[float, ...]) -> tuple[float, ...]:
        if list(quantiles) != sorted(set(quantiles)) or 0.5 not in quantiles:
            raise ValueError("quantiles must rise and contain 0.5, which is the point forecast")
        return quantiles


class TrainingConfig(Section):
    """What is trained."""

    consumption_forecasting: ConsumptionForecastingConfig = ConsumptionForecastingConfig()
    anomaly_detection: AnomalyDetectionConfig = AnomalyDetectionConfig()
    grid_optimization: GridOptimizationConfig = GridOptimizationConfig()


class FeatureEngineeringConfig(Section):
    """Which features exist."""

    lookback_window: Annotated[int, Field(gt=0)] = 696  # intervals that the feature store keeps for each meter
    hold_out_days: Annotated[int, Field(ge=0)] = 0  # of the newest readings, kept from the online store for a replay
    include_time_features: bool = True  # calendar of the horizon and of the window, in local time
    include_weather: bool = False  # observed and forecast weather of the meter's station, as it was known at the origin
    include_meter: bool = True  # which meter it is, so that a model learns what windows don't tell of meters
    static_columns: tuple[ColumnName, ...] = ()  # of the meters' table, such as tariff: what is known of a new meter
    include_load_statistics: bool = False  # lags, rolling statistics and profile, for models that read tables
    include_grid_status: bool = False  # loading and voltage of the meter's feeder

    @field_validator("static_columns")
    @classmethod
    def _name_what_meters_share(cls, columns: tuple[str, ...]) -> tuple[str, ...]:
        for column in columns:
            if column in _NO_CLASSES:
                raise ValueError(f"{column} is nothing that meters on both sides of the split share")
            if columns.count(column) > 1:
                raise ValueError(f"{column} is named twice")
        return columns


class ColdStartConfig(Section):
    """Forecasts of meters with less history than the model reads; each is marked as degraded."""

    min_days: Annotated[int, Field(ge=1)] = 1  # of readings that it takes; from the window's length on, none is made


class ServingConfig(Section):
    """How models are served."""

    host: str = "127.0.0.1"
    port: Port = 8000  # REST; 0 takes a free one
    grpc_port: Port = 8001
    max_batch_size: Annotated[int, Field(ge=1)] = 32  # rows in one call to a predictor
    enable_metrics: bool = True
    predictor_timeout_seconds: Annotated[float, Field(gt=0)] = 2.0
    startup_timeout_seconds: Annotated[float, Field(gt=0)] = 90.0


class MlflowConfig(Section):
    """Where runs and models are tracked."""

    tracking_uri: str = "sqlite:///mlflow.db"  # a relative SQLite file lies in the Metrify home
    experiment_name: str = "smart_meter_ml"


class DriftConfig(Section):
    """When the difference between the served and the reference population is called drift."""

    p_value: Share = 0.05
    min_meters: Annotated[int, Field(ge=2)] = 20  # distinct meter-weeks below which no verdict is given
    max_meters: Annotated[int, Field(ge=2)] = 2_000  # bound of the sample that a server keeps
    reference_weeks_per_meter: Annotated[int, Field(ge=1)] = 4
    calibration_replays: Annotated[int, Field(ge=19)] = 200


class RolloutConfig(Section):
    """How canaries are assigned."""

    canary_percent: Annotated[int, Field(ge=0, le=100)] = 20
    assignment_salt: Annotated[str, Field(min_length=1)] = "load-forecaster"


class GateConfig(Section):
    """What a trained model has to beat, beside the baselines, before it becomes the candidate."""

    beat_champion: bool = True  # the model that was promoted last, where it can be compared


class CompressionConfig(Section):
    """How the exported model is made smaller. What costs too much accuracy is not used."""

    method: Literal["none", "int8", "prune", "prune_int8"] = "none"
    prune_share: Share = 0.5  # of the weights of each layer, the smallest first
    wape_budget_relative: Annotated[float, Field(gt=0)] = 0.01  # by which the validation WAPE may rise, of itself


class MetrifyConfig(Section):
    """The whole of `ml_config.yaml`."""

    splits: SplitConfig = SplitConfig()
    quality: QualityConfig = QualityConfig()
    training: TrainingConfig = TrainingConfig()
    feature_engineering: FeatureEngineeringConfig = FeatureEngineeringConfig()
    grid: GridConfig = GridConfig()
    cold_start: ColdStartConfig = ColdStartConfig()
    serving: ServingConfig = ServingConfig()
    mlflow: MlflowConfig = MlflowConfig()
    drift: DriftConfig = DriftConfig()
    rollout: RolloutConfig = RolloutConfig()
    gate: GateConfig = GateConfig()
    compression: CompressionConfig = CompressionConfig()
    search: SearchSpace = Field(default_factory=dict)  # values by parameter; empty: those that suit the model_type

    @model_validator(mode="after")
    def _the_store_keeps_what_the_model_reads(self) -> Self:
        lookback = self.feature_engineering.lookback_window
        sequence = self.training.consumption_forecasting.sequence_length
        if sequence > lookback:
            raise ValueError(
                f"training.consumption_forecasting.sequence_length ({sequence}) is longer than "
                f"feature_engineering.lookback_window ({lookback})"
            )
        return self

    @model_validator(mode="after")
    def _models_read_the_window_itself(self) -> Self:
        model_type = self.training.consumption_forecasting.model_type
        unread = [name for name in _UNREAD_BY_MODELS if getattr(self.feature_engineering, name)]
        if unread:
            raise ValueError(
                f"feature_engineering.{unread[0]} must be false for the model_type {model_type}, which reads the "
                f"window itself, the calendar and the weather; FeatureConfig({unread[0]}=True) computes them in a "
                "notebook"
            )
        return self

    @model_validator(mode="after")
    def _search_among_allowed_values(self) -> Self:
        searched = (*_SEARCHED, *(f"trees.{name}" for name in TreesConfig.model_fields))
        values = self.training.consumption_forecasting.model_dump()
        for name, tried in self.search.items():
            if name not in searched:
                raise ValueError(f"search: {name!r} is none of {', '.join(searched)}")
            for value in edges(tried):
                try:
                    ConsumptionForecastingConfig.model_validate(replace_parameters(values, {name: value}))
                except ValidationError as error:
                    raise ValueError(f"search.{name}: {value} is not allowed: {error.errors()[0]['msg']}") from error
        return self

    def with_parameters(self, parameters: Mapping[str, object]) -> Self:
        """A copy with other values of `training.consumption_forecasting`, such as `{"trees.max_leaves": 31}`.

        Raises:
            ValidationError: A value is not allowed.
        """
        return self.with_forecasting(
            **replace_parameters(self.training.consumption_forecasting.model_dump(), parameters)
        )

    def with_forecasting(self, **changes: object) -> Self:
        """A copy with other values of `training.consumption_forecasting`.

        Raises:
            ValidationError: A value is not allowed.
        """
        values = self.model_dump()
        values["training"]["consumption_forecasting"].update(changes)
        return self.model_validate(values)

    def with_anomaly_detection(self, **changes: object) -> Self:
        """A copy with other values of `training.anomaly_detection`.

        Raises:
            ValidationError: A value is not allowed.
        """
        values = self.model_dump()
        values["training"]["anomaly_detection"].update(changes)
        return self.model_validate(values)

    def with_grid_optimization(self, **changes: object) -> Self:
        """A copy with other values of `training.grid_optimization`.

        Raises:
            ValidationError: A value is not allowed.
        """
        values = self.model_dump()
        values["training"]["grid_optimization"].update(changes)
        return self.model_validate(values)
