"""What differs between the kinds of models that one transformer serves by meter."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

import numpy as np
from kserve.protocol.infer_type import InferRequest

from inference_services.tensors import TensorTypes
from inference_services.transformer.requests import MeterRequest
from inference_services.transformer.rows import Rows
from metrify.adapters.meter_windows import MeterWindows
from metrify.features.batch import FeatureBatch

R = TypeVar("R", bound=MeterRequest)
Values = dict[str, np.ndarray]  # tensors by name
Alter = Callable[[FeatureBatch], FeatureBatch]


@dataclass(frozen=True)
class Scored:
    """Rows with what the predictors say of them.

    Attributes:
        rows: The rows that are answered.
        batch: What their features were computed from.
        values: The bundle's outputs, `[N, ...]` each.
        ask_again: What their own variants say of some rows, `[n]`, once these are altered. `alter` makes of their batch
            one that has k versions of the first row, then those of the next; outputs are `[n k, ...]`.
    """

    rows: Rows
    batch: FeatureBatch
    values: Values
    ask_again: Callable[[np.ndarray, Alter], Awaitable[Values]]


class Task(ABC, Generic[R]):
    """One kind of model.

    Attributes:
        own_input: Name of the optional input beside `meter_id`.
        legacy_outputs: Names of outputs by what the older HTTP API calls them.
        legacy_parameters: Parameters that its requests have.
    """

    own_input: ClassVar[str]
    legacy_outputs: ClassVar[Mapping[str, str]]
    legacy_parameters: ClassVar[Mapping[str, bool]] = {}

    @property
    @abstractmethod
    def output_types(self) -> TensorTypes:
        """The outputs of its own, beside those that every answer has."""

    @property
    def parameters(self) -> Mapping[str, str | int]:
        """What every answer tells of the model."""
        return {}

    @abstractmethod
    def parse(self, request: InferRequest) -> R:
        """Reads a v2 request.

        Raises:
            InvalidRequestError: It is not in the contract's form, or asks for what the model does not give.
        """

    @abstractmethod
    def find_rows(self, request: R, pseudonyms: list[str], found: MeterWindows) -> Rows:
        """Chooses the rows that can be answered, with the windows that the model reads.

        Args:
            request: What the client asks for.
            pseudonyms: `[N]` of its meters.
            found: What the store holds of them.

        Raises:
            MetrifyError: A row can't be answered, and `partial` is off or nothing is left.
        """

    @abstractmethod
    async def answer(self, request: R, scored: Scored) -> Values:
        """The values of `output_types`; what the client does not want may be left out."""
