"""What a check of the feature store found."""

from dataclasses import dataclass
from typing import Literal

CheckName = Literal["type", "range", "null_share", "freshness", "distribution", "skew"]


@dataclass(frozen=True)
class FeatureCheck:
    """One check of a feature.

    Attributes:
        name: What was looked at.
        value: What was found; None where no window could be judged.
        limit: What it may be at most.
        unit: Of both; "1" where there is none.
        checked: How many windows were judged.
        broken: How many of them break the limit, or are unusual.
        meters: Some of the meters that they are of.
    """

    name: CheckName
    value: float | None
    limit: float
    unit: str
    checked: int
    broken: int
    meters: tuple[str, ...] = ()

    @property
    def passed(self) -> bool | None:
        """Whether the limit is kept; None where no window could be judged."""
        return None if self.value is None else self.value <= self.limit
