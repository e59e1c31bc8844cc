"""A running service on Redis: it answers, names what it can't have while Redis is paused, and comes back by itself."""

from collections.abc import Iterator

import httpx
import numpy as np
import pandas as pd
import pytest

from inference_services.client import ForecastClient
from inference_services.local.run_manifest import LocalService
from metrify.adapters.feature_repository import CONNECTION_VARIABLE, STORE_VARIABLE, apply_repository
from metrify.adapters.feature_store import push_windows
from metrify.adapters.redis_address import REDIS_VARIABLE
from metrify.cli.bench.redis_server import RedisServer
from metrify.config import Home
from metrify.errors import ServiceError

METERS = [f"meter-{row:03d}" for row in range(60)]


@pytest.fixture
def redis(world, metrify_home, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    """A Redis with the windows of all meters, which the environment names."""
    with RedisServer() as server:
        for name, value in ((REDIS_VARIABLE, server.url), (CONNECTION_VARIABLE, ""), (STORE_VARIABLE, "")):
            monkeypatch.setenv(name, value)
        home = Home(metrify_home)
        apply_repository(home)
        ends = pd.DatetimeIndex(["2024-03-01"] * len(METERS), tz="UTC")
        push_windows(home, np.array(METERS), ends, world.windows, data_versions=np.arange(len(METERS)))
        yield server


def test_it_answers_names_what_is_unavailable_and_comes_back(world, redis, tmp_path, wait_until) -> None:
    manifest = world.write_manifest(tmp_path / "isvc.yaml")
    with LocalService(manifest, tmp_path / "logs", world.key, 0, 0, "feast") as service:
        client = ForecastClient(service.url, service.grpc_address)

        def is_answered() -> bool:
            try:
                forecasts, others = client.over_rest(METERS), client.over_grpc(METERS[5:7])
            except ServiceError:  # also where a busy machine is slower than the reader's deadline
                return False
            np.testing.assert_allclose(forecasts.point_kwh, world.windows[:, -24:], rtol=1e-5)
            assert forecasts.data_versions == list(range(len(METERS)))
            assert others.data_versions == [5, 6]
            assert set(forecasts.origins) == {"2024-03-01T00:00:00Z"}
            return True

        wait_until(is_answered)
        redis.pause()
        body = {"inputs": [{"name": "meter_id", "shape": [2], "datatype": "BYTES", "data": METERS[:2]}]}
        reply = httpx.post(f"{service.url}/v2/models/load-forecaster/infer", json=body, timeout=20, trust_env=False)
        assert reply.status_code == 503
        assert "unavailable" in reply.json()["error"]
        assert all(meter in reply.json()["error"] for meter in METERS[:2])
        with pytest.raises(ServiceError, match="meter-000"):
            client.over_grpc(METERS[:1])
        redis.resume()
        wait_until(is_answered)
        assert 'metrify_feature_values_total{status="unavailable"}' in client.metrics()
