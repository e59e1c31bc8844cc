"""What a predictor takes: weather may be missing, and nothing else may."""

import numpy as np
import pytest
from kserve.protocol.infer_type import InferInput

from inference_services.tensors import float_tensor
from metrify.bundles.manifest import Tensor
from metrify.errors import InvalidRequestError

TENSOR = Tensor(name="forecast_temperature", shape=(-1, 2), unit="degC")


def sent(value: float) -> InferInput:
    item = InferInput(TENSOR.name, [1, 2], "FP32")
    item.set_data_from_numpy(np.float32([[1, value]]), binary_data=True)
    return item


def test_a_value_that_was_not_known_is_taken_where_it_may_lack() -> None:
    np.testing.assert_array_equal(float_tensor(sent(np.nan), TENSOR, may_lack=True), np.float32([[1, np.nan]]))
    with pytest.raises(InvalidRequestError, match="not finite"):
        float_tensor(sent(np.nan), TENSOR)


def test_an_infinite_value_is_refused_everywhere() -> None:
    with pytest.raises(InvalidRequestError, match="not finite"):
        float_tensor(sent(np.inf), TENSOR, may_lack=True)
