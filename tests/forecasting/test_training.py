import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from metrify.config.schema import ConsumptionForecastingConfig
from metrify.errors import ConfigError
from metrify.forecasting.onnx_model import OnnxModel

from .conftest import DAY, draw_rows


def test_a_network_that_has_learnt_nothing_mixes_lagged_days_and_what_is_usual() -> None:
    from metrify.forecasting.training.network import build_network

    network = build_network(ConsumptionForecastingConfig(model_type="lstm", lstm_units=4), DAY, {"load_window"})
    windows = draw_rows(20, 0)[0]["load_window"]
    quantiles = network.predict({"load_window": windows}, verbose=0)
    by_day = windows.reshape(len(windows), -1, DAY)
    mixed = np.stack([*(by_day[:, -days] for days in (1, 2, 3, 7, 14, 21, 28)), by_day.mean(axis=1)])
    weights = np.exp([0, -2.0, -2.0, 0, 0, 0, 0, 0])  # 1, 7, 14, 21 and 28 are the persistence ensemble
    expected = np.tensordot(weights / weights.sum(), mixed, 1)
    np.testing.assert_allclose(quantiles[..., 2], expected, rtol=1e-4)


@pytest.mark.parametrize("model_type", ["lstm", "transformer", "context"])
def test_no_weights_make_quantiles_cross(model_type: str) -> None:
    from metrify.forecasting.training.network import build_network

    rows = draw_rows(50, 1)[0]
    network = build_network(ConsumptionForecastingConfig(model_type=model_type, lstm_units=4), DAY, set(rows))
    generator = np.random.default_rng(1)
    network.set_weights([generator.normal(0, 2, weights.shape) for weights in network.get_weights()])
    assert (np.diff(network.predict(rows, verbose=0), axis=-1) >= 0).all()


@pytest.mark.parametrize("model_type", ["cnn_lstm", "attention_lstm", "mixer", "residual"])
def test_every_encoder_is_served_as_it_is(model_type: str, tmp_path: Path) -> None:
    from metrify.forecasting.training.export import export_onnx
    from metrify.forecasting.training.network import build_network

    rows = draw_rows(30, 1)[0]
    network = build_network(ConsumptionForecastingConfig(model_type=model_type, lstm_units=8), DAY, set(rows))
    generator = np.random.default_rng(1)
    network.set_weights([generator.normal(0, 0.03, weights.shape) for weights in network.get_weights()])
    export_onnx(network, tmp_path / "model.onnx")
    served, ours = OnnxModel(tmp_path / "model.onnx").predict(rows), network.predict(rows, verbose=0)
    scale = np.abs(rows["load_window"]).mean(axis=1)[:, None, None]
    assert (np.abs(served - ours) / np.maximum(np.abs(ours), scale)).max() < 1e-5
    assert (np.diff(served, axis=-1) >= 0).all()


def test_rows_weigh_by_the_inverse_root_of_their_load() -> None:
    from metrify.forecasting.training.rows import TrainingRows

    windows = np.array([[1, 7], [-16, 16], [0, 0]], np.float32)
    np.testing.assert_allclose(TrainingRows({"load_window": windows}, windows).weights, [0.5, 0.25, 1_000**0.5])


@pytest.mark.parametrize("changes", [{"sequence_length": 27 * DAY}, {"sequence_length": 28 * DAY + 1}])
def test_sizes_that_do_not_fit_are_refused_with_those_that_would(changes: dict[str, int]) -> None:
    from metrify.forecasting.training.network import build_network

    with pytest.raises(ConfigError, match="intervals doesn't fit") as raised:
        build_network(ConsumptionForecastingConfig(model_type="lstm", **changes), DAY, {"load_window"})
    assert "28 or more whole days of 24 intervals" in raised.value.mend


def test_a_horizon_may_be_longer_than_a_day() -> None:
    from metrify.forecasting.training.network import build_network

    windows = draw_rows(3, 0)[0]["load_window"]
    network = build_network(ConsumptionForecastingConfig(model_type="lstm", forecast_horizon=30), DAY, {"load_window"})
    quantiles = network.predict({"load_window": windows}, verbose=0)
    assert quantiles.shape == (3, 30, 5)
    np.testing.assert_allclose(quantiles[:, 24:], quantiles[:, :6], rtol=1e-5)  # the same clock time, nothing learnt


def test_targets_that_were_not_measured_teach_nothing() -> None:
    from metrify.forecasting.training.losses import pinball_loss

    target = np.array([[1, np.nan, 3], [np.nan, np.nan, np.nan]], np.float32)
    quantiles = np.zeros((2, 3, 1), np.float32)
    np.testing.assert_allclose(pinball_loss((0.5,))(target, quantiles), [1.0, 0.0])


def test_negative_loads_are_forecast_where_there_are_some() -> None:
    from metrify.forecasting.training.network import build_network

    windows = -draw_rows(5, 0)[0]["load_window"]
    config = ConsumptionForecastingConfig(model_type="lstm", lstm_units=4)
    free, bounded = (build_network(config, DAY, {"load_window"}, non_negative=flag) for flag in (False, True))
    assert (free.predict(windows, verbose=0)[..., 2] < 0).all()
    assert (bounded.predict(windows, verbose=0) >= 0).all()


def test_only_a_few_batches_are_read_at_a_time() -> None:
    from metrify.forecasting.training.batches import stream_batches
    from metrify.forecasting.training.rows import TrainingRows

    class Counting(TrainingRows):
        taken = 0

        def take(self, rows: np.ndarray) -> TrainingRows:
            Counting.taken += len(rows)
            return super().take(rows)

    rows = Counting(*draw_rows(320, 1))
    stream = iter(stream_batches(rows, ["load_window"], 16, np.arange(320)[::-1].copy()))
    features, target, weights = next(stream)
    np.testing.assert_array_equal(features["load_window"], rows.features["load_window"][304:])
    assert (target.shape, weights.shape) == ((16, DAY), (16,))
    time.sleep(0.5)
    assert Counting.taken < 200


_TRAIN = """
import sys
import numpy as np
from pathlib import Path
from metrify.config.schema import ConsumptionForecastingConfig
from metrify.forecasting.training.fit import fit_network
from metrify.forecasting.training.rows import TrainingRows
from tests.forecasting.conftest import DAY, draw_rows

config = ConsumptionForecastingConfig(model_type="gru", lstm_units=4, epochs=5, batch_size=32, seed=3)
rows = [TrainingRows(*draw_rows(count, seed, time_features=False)) for count, seed in ((160, 1), (64, 2))]
tell = lambda epoch, loss: print(epoch, loss["val_loss"], flush=True)
for folder in sys.argv[1:]:
    model, curve = fit_network(*rows, config, DAY, tell, Path(folder))
    losses, total = [loss["val_loss"] for loss in curve], float(model.predict(rows[1].features, verbose=0).sum())
    print("done", *losses, total, flush=True)
"""


def _start(*folders: Path) -> subprocess.Popen:
    """Trains once in each folder, one after the other in one process."""
    environment = {**os.environ, "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    command = [sys.executable, "-c", _TRAIN, *map(str, folders)]
    root = Path(__file__).parents[2]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=root)


def test_a_killed_training_goes_on_to_the_same_result(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    process = _start(whole, killed)
    assert process.stdout is not None
    epochs = [process.stdout.readline() for _ in range(5)]
    expected = _numbers(process.stdout.readline())
    for _ in range(3):
        line = process.stdout.readline()
    assert [*(epoch[:2] for epoch in epochs), line[:2]] == ["1 ", "2 ", "3 ", "4 ", "5 ", "3 "]
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    *told, resumed, again = _start(killed, killed).communicate(timeout=120)[0].splitlines()
    assert [line.split()[0] for line in told] in (["4", "5"], ["5"])  # the fourth may have been written in time
    assert _numbers(resumed) == pytest.approx(expected, rel=1e-6)
    assert again == resumed  # all is done: nothing is trained, and the result is the same


def _numbers(line: str) -> list[float]:
    done, *numbers = line.split()
    assert done == "done"
    return [float(number) for number in numbers]


def test_a_checkpoint_of_another_network_or_a_torn_one_is_not_taken_up(tmp_path: Path) -> None:
    from metrify.forecasting.training.checkpoint import Progress, load_checkpoint, save_checkpoint
    from metrify.forecasting.training.network import build_network

    def network(units: int):  # type: ignore[no-untyped-def]
        model = build_network(ConsumptionForecastingConfig(model_type="lstm", lstm_units=units), DAY, {"load_window"})
        model.compile("adam", loss="mse")
        model.optimizer.build(model.trainable_variables)
        return model

    one = network(4)
    save_checkpoint(tmp_path, one, Progress([{"val_loss": 1.0}], 1.0, one.get_weights(), 0))
    assert load_checkpoint(tmp_path, network(4)).curve == [{"val_loss": 1.0}]
    assert load_checkpoint(tmp_path, network(5)).curve == []
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:1000])
    assert load_checkpoint(tmp_path, network(4)).curve == []
