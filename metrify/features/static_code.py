"""What is known of a meter beside its readings, such as its tariff, as numbers that need no list."""

from dataclasses import dataclass

import numpy as np

from metrify.errors import ConfigError
from metrify.features.batch import FeatureBatch
from metrify.features.meter_code import METER_CODE
from metrify.features.text_code import code_texts

STATIC = "meter_static"  # what features of it name as their input
STATIC_PREFIX = "static_"


@dataclass(frozen=True)
class StaticCode:
    """What a column of the meters' table says of each row's meter, as a code, `[N]`; 0 where it says nothing.

    Attributes:
        column: Name of the column, for instance `tariff`.
    """

    column: str

    @property
    def name(self) -> str:
        """For instance `static_tariff`."""
        return f"{STATIC_PREFIX}{self.column}"

    def __call__(self, batch: FeatureBatch) -> np.ndarray:
        """Computes it.

        Raises:
            ConfigError: The batch does not tell it of its meters.
        """
        if self.column not in batch.static:
            raise ConfigError(
                f"The feature {self.name} needs {self.column} of the meters, and these rows don't tell it.",
                "Give the batch what the meters' table says, or leave the feature out.",
            )
        return code_texts(batch.static[self.column])


def is_code(feature: str) -> bool:
    """Whether a feature of this name is a code, by which a model finds what it learnt of a meter or of its class."""
    return feature == METER_CODE or feature.startswith(STATIC_PREFIX)
