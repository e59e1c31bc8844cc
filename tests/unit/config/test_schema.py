from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from metrify.config import MetrifyConfig


def with_forecasting(**values: Any) -> MetrifyConfig:
    return MetrifyConfig.model_validate({"training": {"consumption_forecasting": values}})


def test_a_configuration_can_not_be_changed() -> None:
    config = MetrifyConfig()
    with pytest.raises(ValidationError, match="frozen"):
        config.serving.port = 1  # type: ignore[misc]


def test_every_section_refuses_unknown_keys() -> None:
    def sections(model: BaseModel) -> list[BaseModel]:
        nested = [value for _, value in model if isinstance(value, BaseModel)]
        return [model, *(section for child in nested for section in sections(child))]

    for section in sections(MetrifyConfig()):
        with pytest.raises(ValidationError, match="extra_forbidden"):
            type(section).model_validate({"no_such_key": 1})


def test_a_sequence_longer_than_the_lookback_is_refused_with_both_lengths() -> None:
    with pytest.raises(ValidationError, match=r"sequence_length \(697\) .*lookback_window \(696\)"):
        with_forecasting(sequence_length=697)


def test_a_longer_lookback_allows_a_longer_sequence() -> None:
    config = MetrifyConfig.model_validate(
        {
            "feature_engineering": {"lookback_window": 1344},
            "training": {"consumption_forecasting": {"sequence_length": 1344}},
        }
    )
    assert config.training.consumption_forecasting.sequence_length == 1344


@pytest.mark.parametrize("quantiles", [[0.5], [0.1, 0.5, 0.9], [0.01, 0.5]])
def test_quantiles_that_rise_and_hold_the_median_are_taken(quantiles: list[float]) -> None:
    assert with_forecasting(quantiles=quantiles).training.consumption_forecasting.quantiles == tuple(quantiles)


@pytest.mark.parametrize(
    "quantiles",
    [[], [0.1, 0.9], [0.9, 0.5, 0.1], [0.1, 0.5, 0.5], [0.0, 0.5], [0.5, 1.0], [0.5, float("nan")]],
    ids=str,
)
def test_other_quantiles_are_refused(quantiles: list[float]) -> None:
    with pytest.raises(ValidationError, match="quantiles"):
        with_forecasting(quantiles=quantiles)


@pytest.mark.parametrize(
    "splits",
    [
        {"train_share": 0.8, "validation_share": 0.2},
        {"train_time_share": 0.9, "validation_time_share": 0.15},
        {"train_share": 0.0},
    ],
    ids=str,
)
def test_a_split_without_a_test_side_is_refused(splits: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="splits"):
        MetrifyConfig.model_validate({"splits": splits})


@pytest.mark.parametrize("percent", [-1, 101, 20.5])
def test_a_canary_share_is_a_whole_percentage(percent: float) -> None:
    with pytest.raises(ValidationError, match="canary_percent"):
        MetrifyConfig.model_validate({"rollout": {"canary_percent": percent}})


@pytest.mark.parametrize("model_type", ["lstm", "ensemble", "lightgbm"])
@pytest.mark.parametrize("key", ["include_load_statistics", "include_grid_status"])
def test_no_model_reads_load_statistics_or_grid_status(model_type: str, key: str) -> None:
    wanted = {
        "feature_engineering": {key: True},
        "training": {"consumption_forecasting": {"model_type": model_type}},
    }
    with pytest.raises(ValidationError, match=f"{key} must be false for the model_type {model_type}"):
        MetrifyConfig.model_validate(wanted)


@pytest.mark.parametrize("model_type", ["lstm", "ensemble", "lightgbm"])
def test_every_model_may_read_the_weather(model_type: str) -> None:
    wanted = {
        "feature_engineering": {"include_weather": True},
        "training": {"consumption_forecasting": {"model_type": model_type}},
    }
    assert MetrifyConfig.model_validate(wanted).feature_engineering.include_weather


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        (["meter_id"], "meter_id is nothing that meters on both sides of the split share"),
        (["tariff", "group"], "group is nothing that meters"),
        (["tariff", "tariff"], "tariff is named twice"),
        (["kind of connection"], "should match pattern"),
    ],
)
def test_a_static_column_tells_something_that_meters_share(columns: list[str], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        MetrifyConfig.model_validate({"feature_engineering": {"static_columns": columns}})
