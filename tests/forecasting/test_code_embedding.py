"""What networks learn of meters and their classes, and how the graph finds it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.features.text_code import code_texts
from metrify.forecasting.onnx_model import OnnxModel

from .conftest import DAY, draw_rows

codes = st.integers(1, 2**24 - 1)


@settings(max_examples=30, deadline=None)
@given(st.sets(codes, max_size=40), st.lists(codes, max_size=5))
def test_a_meter_has_its_number_and_a_stranger_none(known: set[int], strangers: list[int]) -> None:
    from metrify.forecasting.training.code_embedding import UNKNOWN, number_codes

    table = np.array(sorted(known), np.float32)
    asked = np.array([*sorted(known), *strangers, 0], np.float32)
    numbers = np.asarray(number_codes(asked, table))
    found = numbers[: len(known)]
    assert ((found == np.arange(1, len(known) + 1)) | (found == UNKNOWN)).all()
    assert (found == UNKNOWN).sum() <= max(2, len(known) // 10)  # where two of them share a place
    lonely = [code not in known for code in [*strangers, 0]]
    assert (numbers[len(known) :][lonely] == UNKNOWN).all()


def test_of_many_meters_one_in_a_hundred_shares_a_place() -> None:
    from metrify.forecasting.training.code_embedding import UNKNOWN, number_codes

    known = np.unique(code_texts([f"m_{number}" for number in range(20_000)]))
    numbers = np.asarray(number_codes(known, known))
    assert (numbers == UNKNOWN).mean() < 0.012
    assert len(np.unique(numbers)) == (numbers != UNKNOWN).sum() + 1


def test_few_classes_hardly_ever_share_a_place() -> None:
    from metrify.forecasting.training.code_embedding import number_codes

    lost = 0
    for column in range(40):
        known = np.unique(code_texts([f"{column}-{value}" for value in range(30)]))
        lost += int((np.asarray(number_codes(known, known)) == 0).sum())
    assert lost <= 2  # a table of 64 places a value would lose 8 of these 1,200


@pytest.fixture(scope="module", params=["context", "lstm"])
def network(request: pytest.FixtureRequest):
    """A network that knows 40 meters of two tariffs, with weights as if it had learnt something."""
    from metrify.forecasting.training.network import build_network
    from metrify.forecasting.training.rows import TrainingRows

    rows = draw_rows(40, 1)[0]
    config = ConsumptionForecastingConfig(model_type=request.param, lstm_units=8)
    network = build_network(config, DAY, set(rows), known_codes=TrainingRows(rows, rows["load_window"]).known_codes)
    generator = np.random.default_rng(1)
    network.set_weights([generator.normal(0, 0.1, weights.shape) for weights in network.get_weights()])
    return network


def test_what_is_known_of_a_meter_moves_its_forecast_alone(network, tmp_path: Path) -> None:
    from metrify.forecasting.training.export import export_onnx

    export_onnx(network, tmp_path / "model.onnx")
    served, rows = OnnxModel(tmp_path / "model.onnx"), draw_rows(40, 1)[0]
    one = {name: np.repeat(values[:1], 4, axis=0) for name, values in rows.items()}
    one["meter_code"] = np.array([*rows["meter_code"][:2], *code_texts(["m_new", ""])], np.float32)
    known, other, new, nobody = served.predict(one)
    assert np.abs(known - other).max() > 1e-3 * np.abs(known).max() < np.abs(known - new).max() * 1e3
    np.testing.assert_array_equal(new, nobody)
    ours = network.predict(one, verbose=0)
    assert np.abs(served.predict(one) - ours).max() < 1e-5 * np.abs(ours).max()


def test_new_meters_of_two_tariffs_have_two_forecasts(network, tmp_path: Path) -> None:
    from metrify.forecasting.training.export import export_onnx

    export_onnx(network, tmp_path / "model.onnx")
    served, rows = OnnxModel(tmp_path / "model.onnx"), draw_rows(40, 1)[0]
    new = {name: np.repeat(values[:1], 4, axis=0) for name, values in rows.items()}
    new["meter_code"] = code_texts(["m_new"] * 4)
    new["static_tariff"] = code_texts(["Std", "ToU", "of tomorrow", ""])
    standard, by_time, strange, unknown = served.predict(new)
    assert np.abs(standard - by_time).max() > 1e-3 * np.abs(standard).max()
    assert np.abs(standard - strange).max() > 1e-3 * np.abs(standard).max()
    np.testing.assert_array_equal(strange, unknown)
    ours = network.predict(new, verbose=0)
    assert np.abs(served.predict(new) - ours).max() < 1e-5 * np.abs(ours).max()


@pytest.mark.parametrize("hidden", ["meter_code", "static_tariff"])
def test_some_meters_and_tariffs_are_hidden_while_it_learns(network, hidden: str) -> None:
    rows = draw_rows(40, 1)[0]
    many = {name: np.repeat(values[:1], 2_000, axis=0) for name, values in rows.items()}
    stranger = many | {hidden: np.zeros(2_000, np.float32)}
    # Other dropout is the same for both, as the seeds are; only where the code was hidden are both alike.
    states = [variable.numpy() for variable in network.non_trainable_variables]
    answers = []
    for rows_of_meter in (many, stranger):
        for variable, state in zip(network.non_trainable_variables, states, strict=True):
            variable.assign(state)
        answers.append(np.asarray(network(rows_of_meter, training=True)))
    alike = (answers[0] == answers[1]).all(axis=(1, 2)).mean()
    assert 0.07 < alike < 0.13


def test_what_a_class_does_is_learnt_for_meters_that_are_new() -> None:
    """Half of the meters double their load at the origin, which no window tells."""
    from metrify.forecasting.training.fit import fit_network
    from metrify.forecasting.training.rows import TrainingRows

    def draw(seed: int) -> TrainingRows:
        features, target = draw_rows(256, seed)
        doubles = features["static_tariff"] == code_texts(["ToU"])
        return TrainingRows(features, target * np.where(doubles, 2, 1).astype(np.float32)[:, None])

    config = ConsumptionForecastingConfig(
        model_type="context", lstm_units=8, epochs=8, batch_size=32, learning_rate=0.02, dropout_rate=0.0
    )
    network, _ = fit_network(draw(1), draw(2), config, DAY, lambda epoch, losses: None)
    judged = draw(3)
    new = {**judged.features, "meter_code": np.zeros(len(judged), np.float32)}
    told, untold = (
        np.abs(network.predict(rows, verbose=0)[..., 2] - judged.target_kwh).mean()
        for rows in (new, {**new, "static_tariff": np.zeros(len(judged), np.float32)})
    )
    assert told < 0.85 * untold
