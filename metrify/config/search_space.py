"""Which values of the training parameters a search tries."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Number = int | float
Choices = Annotated[tuple[int | float | str, ...], Field(min_length=1)]


class SearchRange(BaseModel):
    """All values from `low` to `high`; whole numbers where both ends are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: Number
    high: Number
    log: bool = False  # as likely between 1 and 10 as between 10 and 100

    @model_validator(mode="after")
    def _rise(self) -> Self:
        if self.low >= self.high or (self.log and self.low <= 0):
            raise ValueError(f"the range from {self.low} to {self.high} doesn't rise, or begins at 0 where log is true")
        return self

    @property
    def is_whole(self) -> bool:
        """Whether it is of whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)


SearchSpace = dict[str, SearchRange | Choices]

_NETWORK_SPACE: SearchSpace = {
    "learning_rate": SearchRange(low=5e-4, high=1e-2, log=True),
    "lstm_units": (16, 32, 64),
    "dropout_rate": SearchRange(low=0.0, high=0.3),
    "batch_size": (128, 256, 512),
}
_TREE_SPACE: SearchSpace = {
    "trees.learning_rate": SearchRange(low=0.03, high=0.3, log=True),
    "trees.max_leaves": SearchRange(low=15, high=255, log=True),
    "trees.min_leaf_intervals": SearchRange(low=20, high=2_000, log=True),
    "trees.column_share": SearchRange(low=0.2, high=1.0),
    "trees.interval_share": SearchRange(low=0.4, high=1.0),
}


def default_space(model_type: str) -> SearchSpace:
    """What is searched for a kind of model where the configuration does not say it."""
    return _TREE_SPACE if model_type == "lightgbm" else _NETWORK_SPACE


def edges(tried: SearchRange | Choices) -> tuple[object, ...]:
    """The values that have to be allowed, so that all are: both ends, or each choice."""
    return (tried.low, tried.high) if isinstance(tried, SearchRange) else tried


def replace_parameters(values: Mapping[str, Any], parameters: Mapping[str, object]) -> dict[str, Any]:
    """Values of `training.consumption_forecasting` with some others.

    Example:
        >>> replace_parameters({"epochs": 4, "trees": {"max_leaves": 95, "max_rounds": 1}}, {"trees.max_leaves": 7})
        {'epochs': 4, 'trees': {'max_leaves': 7, 'max_rounds': 1}}
    """
    changed = dict(values)
    for name, value in parameters.items():
        section, _, key = name.rpartition(".")
        if section:
            changed[section] = {**changed[section], key: value}
        else:
            changed[key] = value
    return changed
