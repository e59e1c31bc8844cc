"""Splits by meter and by time. Meters that share a profile stay on one side."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from metrify.config.schema import SplitConfig
from metrify.errors import DatasetError

SIDES = ("train", "validation", "test")


@dataclass(frozen=True)
class TimeSplit:
    """Where time is cut: `[.., validation_start)`, `[validation_start, test_start)`, `[test_start, ..)`."""

    validation_start: pd.Timestamp
    test_start: pd.Timestamp

    def side_of(self, timestamps: pd.Series) -> np.ndarray:
        """The side of each time stamp, `[N]` of the names in `SIDES`."""
        later = (timestamps >= self.validation_start).astype(int) + (timestamps >= self.test_start).astype(int)
        return np.array(SIDES, dtype=object)[later.to_numpy()]


def split_meters_by_group(meters: pd.DataFrame, config: SplitConfig) -> pd.Series:
    """Assigns whole groups to sides so that the shares of meters come close to the configured ones.

    Groups are visited in a seeded random order; each goes to the side that lacks the largest share of its quota.

    Args:
        meters: `meter_id` and `group`.
        config: Shares and seed.

    Returns:
        Side by `meter_id`.

    Raises:
        DatasetError: There are fewer than three groups, so a side would be empty.
    """
    sizes = meters.groupby("group", sort=True).size()
    if len(sizes) < len(SIDES):
        raise DatasetError(
            f"The meters have {len(sizes)} distinct profile group(s).", "Three are needed to train, validate and test."
        )
    quota = np.array([config.train_share, config.validation_share, 1 - config.train_share - config.validation_share])
    quota *= len(meters)
    filled = np.zeros(len(SIDES))
    side_of_group = {}
    for group in np.random.default_rng(config.seed).permutation(sizes.index.to_numpy(dtype=object)):
        side = int(np.argmax((quota - filled) / quota))
        side_of_group[group] = SIDES[side]
        filled[side] += sizes[group]
    return pd.Series(meters["group"].map(side_of_group).to_numpy(), index=meters["meter_id"], name="side")


def split_time(start: pd.Timestamp, end: pd.Timestamp, config: SplitConfig) -> TimeSplit:
    """Cuts `[start, end)` into train, validation and test time at whole UTC days."""
    length = end - start
    validation_start = start + length * config.train_time_share
    test_start = start + length * (config.train_time_share + config.validation_time_share)
    return TimeSplit(validation_start.floor("D"), test_start.floor("D"))
