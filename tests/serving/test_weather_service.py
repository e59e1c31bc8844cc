"""A running service whose model reads weather and tariffs: each meter its own, and what is missing is told."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper, numpy_helper

from inference_services.client import ForecastClient, Forecasts
from inference_services.local.run_manifest import LocalService
from metrify.adapters.feature_repository import CONNECTION_VARIABLE, STORE_VARIABLE, apply_repository
from metrify.adapters.feature_store import materialise_surroundings, push_windows
from metrify.adapters.redis_address import REDIS_VARIABLE
from metrify.adapters.static_records import write_static_records
from metrify.adapters.weather_records import OnlineSpan, write_weather_records
from metrify.bundles.load import load_bundle
from metrify.bundles.manifest import Tensor
from metrify.bundles.signature import load_or_create_signing_key, load_public_key
from metrify.bundles.write import write_bundle
from metrify.cli.bench.redis_server import RedisServer
from metrify.config import Home
from metrify.config.home import HOME_VARIABLE
from metrify.errors import ServiceError
from metrify.features.specification import features_from_labels, specification_hash
from metrify.features.surroundings import Surroundings
from metrify.features.text_code import code_texts
from metrify.readings.weather import check_weather

METERS = ["meter-000", "meter-001", "meter-002", "meter-003", "meter-004", "meter-005"]
STATIONS = ["north", "south", "east", "west", None, "east"]  # the east's forecast is old, and the west's is not there
TARIFFS = ["Std", "ToU", "ToU", None, "not stored", "Std"]  # the fifth is a meter of which the store knows no tariff
NEW, UNLISTED = 5, 4  # the rows of a meter of three days, and of that one
CELSIUS = {"north": 2.0, "south": 5.0, "east": 3.0}
FACTORS = np.float32([1.2, 2 * 1.5, 2 * 1.3, 1.0, 1.0, 1.3])[:, None]
END, HOUR = pd.Timestamp("2024-03-01", tz="UTC"), pd.Timedelta(hours=1)
LABELS = ("load_window@2", "observed_temperature@1", "forecast_temperature@1", "static_tariff@1")


def write_weather_bundle(world) -> Path:
    """The forecast of the bundle `one`, a tenth more for each degree that is forecast, and twice as much for ToU."""
    one = load_bundle(world.folder / "one", load_public_key(world.key))
    model = onnx.load(str(one.model_path))
    graph = model.graph
    graph.node[-1].output[0] = "plain_kwh"
    inputs = {"observed_temperature": ("N", 672), "forecast_temperature": ("N", 24)}
    graph.input.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items())
    graph.input.append(helper.make_tensor_value_info("static_tariff", TensorProto.FLOAT, ("N",)))
    for name, value in (("tenth", 0.1), ("no_change", 1.0), ("double", 2.0), ("by_time", code_texts(["ToU"])[0])):
        graph.initializer.append(numpy_helper.from_array(np.float32(value), name))
    graph.node.extend(
        [
            helper.make_node("IsNaN", ["forecast_temperature"], ["unknown"]),
            helper.make_node("Mul", ["forecast_temperature", "tenth"], ["more"]),
            helper.make_node("Add", ["more", "no_change"], ["warmer"]),
            helper.make_node("Where", ["unknown", "no_change", "warmer"], ["factor"]),
            helper.make_node("Unsqueeze", ["factor", "last"], ["of_weather"]),
            helper.make_node("Mul", ["plain_kwh", "of_weather"], ["weathered_kwh"]),
            helper.make_node("Equal", ["static_tariff", "by_time"], ["is_by_time"]),
            helper.make_node("Where", ["is_by_time", "double", "no_change"], ["times"]),
            helper.make_node("Unsqueeze", ["times", "axis_and_last"], ["of_tariff"]),
            helper.make_node("Mul", ["weathered_kwh", "of_tariff"], ["quantiles_kwh"]),
        ]
    )
    graph.initializer.append(numpy_helper.from_array(np.array([1, 2]), "axis_and_last"))
    path = world.folder / "weather.onnx"
    onnx.save(model, str(path))
    tensors = [Tensor(name=name, shape=(-1, shape[1]), unit="degC") for name, shape in inputs.items()]
    tensors.append(Tensor(name="static_tariff", shape=(-1,), unit="1"))
    changes = {
        "version": "weather",
        "inputs": (*one.manifest.inputs, *tensors),
        "features": LABELS,
        "feature_spec_hash": specification_hash(features_from_labels(LABELS)),
    }
    folder = world.folder / "weather"
    key = load_or_create_signing_key(world.key.parent)
    manifest = one.manifest.model_copy(update=changes)
    write_bundle(folder, manifest, path, one.drift_reference(), one.thresholds(), "# Card", key, one.cold_start)
    return folder


def draw_weather() -> pd.DataFrame:
    """Constant weather; forecasts of six hours before the end, in the east of three days before, and a later one."""
    frames = []
    past = pd.date_range(END - 672 * HOUR, END, freq="h", inclusive="left", unit="us")
    ahead = pd.date_range(END, periods=48, freq="h", unit="us")
    for station, celsius in CELSIUS.items():
        known = END - (72 if station == "east" else 6) * HOUR
        for at, issued, value in ((past, pd.NaT, 1.0), (ahead, known, celsius), (ahead, END + HOUR, 99.0)):
            frame = pd.DataFrame({"station_id": station, "timestamp": at, "temperature_c": np.float32(value)})
            frames.append(frame.assign(issued_at=pd.to_datetime([issued] * len(at), utc=True).as_unit("us")))
    return check_weather(pd.concat(frames, ignore_index=True))


@pytest.fixture(scope="module", params=["sqlite", "redis"])
def client(request: pytest.FixtureRequest, world, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForecastClient]:
    """A client of a service over either store."""
    with RedisServer() as server, pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("weather")
        home = Home(folder / "home")
        url = server.url if request.param == "redis" else ""
        environment = {HOME_VARIABLE: str(home.root), REDIS_VARIABLE: url, STORE_VARIABLE: "", CONNECTION_VARIABLE: ""}
        for name, value in environment.items():
            patch.setenv(name, value)
        meters = pd.DataFrame({"meter_id": METERS, "station_id": STATIONS, "tariff": TARIFFS})
        views = write_weather_records(home, Surroundings(draw_weather(), None, meters), OnlineSpan(END, 672, 60))
        listed = meters.drop(index=UNLISTED)
        views |= write_static_records(home, "tiny", Surroundings(meters=listed), (), END)
        apply_repository(home)
        materialise_surroundings(home, END, views)
        ends = pd.DatetimeIndex([END] * len(METERS))
        windows = world.windows[: len(METERS)].copy()
        windows[NEW, :-72] = np.nan
        push_windows(home, np.array(METERS), ends, windows)
        write_weather_bundle(world)
        manifest = world.write_manifest(folder / "isvc.yaml", bundle="weather")
        with LocalService(manifest, folder / "logs", world.key, 0, 0, "feast") as service:
            yield ForecastClient(service.url, service.grpc_address)


@pytest.mark.parametrize("face", ["over_rest", "over_grpc"])
def test_each_meter_has_what_is_its_own_and_says_what_it_lacks(client, world, wait_until, face: str) -> None:
    answers: list[Forecasts] = []

    def is_told() -> bool:
        try:
            answers.append(getattr(client, face)(METERS))
        except ServiceError:  # reads of Redis have a deadline, and the machine may be busy
            return False
        return sum(answers[-1].degraded) == 4

    wait_until(is_told)
    np.testing.assert_allclose(answers[-1].point_kwh, world.windows[: len(METERS), -24:] * FACTORS, rtol=1e-5)
    assert answers[-1].degraded == [False, False, True, True, True, True]
    told = [tuple(item[key] for key in ("meter_id", "history_days", "reason")) for item in answers[-1].degraded_reasons]
    assert told == [
        (METERS[2], 28, "a weather forecast of 72 hours ago"),
        (METERS[3], 28, "no weather of the station west is at hand"),
        (METERS[UNLISTED], 28, "the meter's weather station is not known, no tariff of the meter is at hand"),
        (METERS[NEW], 3, "3 days of history, a weather forecast of 72 hours ago"),
    ]
