"""What networks learn of meters, and how the graph finds it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.features.meter_code import code_meters
from metrify.forecasting.onnx_model import OnnxModel

from .conftest import DAY, draw_rows

codes = st.integers(1, 2**24 - 1)


@settings(max_examples=30, deadline=None)
@given(st.sets(codes, max_size=40), st.lists(codes, max_size=5))
def test_a_meter_has_its_number_and_a_stranger_none(known: set[int], strangers: list[int]) -> None:
    from metrify.forecasting.training.meter_embedding import UNKNOWN, number_meters

    table = np.array(sorted(known), np.float32)
    asked = np.array([*sorted(known), *strangers, 0], np.float32)
    numbers = np.asarray(number_meters(asked, table))
    found = numbers[: len(known)]
    assert ((found == np.arange(1, len(known) + 1)) | (found == UNKNOWN)).all()
    assert (found == UNKNOWN).sum() <= max(2, len(known) // 10)  # where two of them share a place
    lonely = [code not in known for code in [*strangers, 0]]
    assert (numbers[len(known) :][lonely] == UNKNOWN).all()


def test_of_many_meters_one_in_a_hundred_shares_a_place() -> None:
    from metrify.forecasting.training.meter_embedding import UNKNOWN, number_meters

    known = np.unique(code_meters([f"m_{number}" for number in range(20_000)]))
    numbers = np.asarray(number_meters(known, known))
    assert (numbers == UNKNOWN).mean() < 0.012
    assert len(np.unique(numbers)) == (numbers != UNKNOWN).sum() + 1


@pytest.fixture(scope="module", params=["context", "lstm"])
def network(request: pytest.FixtureRequest):
    """A network that knows 40 meters, with weights as if it had learnt something."""
    from metrify.forecasting.training.network import build_network

    rows = draw_rows(40, 1)[0]
    config = ConsumptionForecastingConfig(model_type=request.param, lstm_units=8)
    network = build_network(config, DAY, set(rows), meter_codes=np.unique(rows["meter_code"]))
    generator = np.random.default_rng(1)
    network.set_weights([generator.normal(0, 0.1, weights.shape) for weights in network.get_weights()])
    return network


def test_what_is_known_of_a_meter_moves_its_forecast_alone(network, tmp_path: Path) -> None:
    from metrify.forecasting.training.export import export_onnx

    export_onnx(network, tmp_path / "model.onnx")
    served, rows = OnnxModel(tmp_path / "model.onnx"), draw_rows(40, 1)[0]
    one = {name: np.repeat(values[:1], 4, axis=0) for name, values in rows.items()}
    one["meter_code"] = np.array([*rows["meter_code"][:2], *code_meters(["m_new", ""])], np.float32)
    known, other, new, nobody = served.predict(one)
    assert np.abs(known - other).max() > 1e-3 * np.abs(known).max() < np.abs(known - new).max() * 1e3
    np.testing.assert_array_equal(new, nobody)
    ours = network.predict(one, verbose=0)
    assert np.abs(served.predict(one) - ours).max() < 1e-5 * np.abs(ours).max()


def test_some_meters_are_hidden_while_it_learns(network) -> None:
    rows = draw_rows(40, 1)[0]
    many = {name: np.repeat(values[:1], 2_000, axis=0) for name, values in rows.items()}
    stranger = many | {"meter_code": np.zeros(2_000, np.float32)}
    # Other dropout is the same for both, as the seeds are; only where the meter was hidden are both alike.
    states = [variable.numpy() for variable in network.non_trainable_variables]
    answers = []
    for rows_of_meter in (many, stranger):
        for variable, state in zip(network.non_trainable_variables, states, strict=True):
            variable.assign(state)
        answers.append(np.asarray(network(rows_of_meter, training=True)))
    alike = (answers[0] == answers[1]).all(axis=(1, 2)).mean()
    assert 0.07 < alike < 0.13
