"""Shards: meters divided by a hash of their id, so that work on many can be done in parts."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metrify.errors import ConfigError

_TEXT = re.compile(r"(\d+)/(\d+)")


@dataclass(frozen=True)
class Shard:
    """One of several shards.

    Attributes:
        number: From 0.
        count: How many there are.
    """

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """The shard that a text such as `2/4` names: the third of four.

        Raises:
            ConfigError: It names none.
        """
        match = _TEXT.fullmatch(text)
        if not match or int(match[1]) >= int(match[2]):
            raise ConfigError(f"{text!r} is no shard.", "Write number/count, for instance 0/4 to 3/4 for four shards.")
        return cls(int(match[1]), int(match[2]))

    def holds(self, meter_ids: Sequence[str] | np.ndarray) -> np.ndarray:
        """Which meters are in it, `[M]` bool. Each meter is in one of the shards, whatever meters there are beside it.

        Example:
            >>> sum(Shard(number, 3).holds(["m_a", "m_b"]).astype(int) for number in range(3)).tolist()
            [1, 1]
        """
        return np.array(
            [zlib.crc32(str(meter).encode()) % self.count == self.number for meter in meter_ids], dtype=bool
        )


def shard_names(count: int) -> list[str]:
    """Names of all shards, such as `0/2` and `1/2`."""
    return [f"{number}/{count}" for number in range(count)]
