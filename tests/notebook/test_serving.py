import httpx
import numpy as np
import pandas as pd
import pytest

from metrify import ModelServer, ServerConfig
from metrify.config import Home
from metrify.errors import InvalidRequestError, ServiceError, UsageError

from .conftest import LENGTH, Trained, draw_loads


def test_a_server_forecasts_as_the_model_does(home: Home, trained: Trained) -> None:
    windows = draw_loads(3, LENGTH, 8)
    path = home.root / "windows.parquet"
    rows = {"meter_id": [f"m_{row:024x}" for row in range(3)], "window_end": "2024-03-01T00:00:00"}
    pd.DataFrame({**rows, "load_window": list(windows)}).to_parquet(path)
    config = ServerConfig(host="127.0.0.2", port=0, grpc_port=0, enable_metrics=False)
    with ModelServer(config, feature_reader=f"parquet:{path}") as server:
        answer = server.predict(rows["meter_id"])
        np.testing.assert_allclose(answer.point_kwh, trained.model.predict(windows), rtol=1e-4, atol=1e-5)
        assert server.url.startswith("http://127.0.0.2:")
        assert httpx.get(f"{server.url}/metrics", trust_env=False).status_code == 404
        assert answer.model_versions == ["gru-one"] * 3
        with pytest.raises(InvalidRequestError):
            server.predict(["m_unknown"])
        with pytest.raises(UsageError, match="runs already"):
            server.start()
    with pytest.raises(UsageError, match="not started"):
        server.predict(["m"])
    server.stop()


def test_without_a_service_nothing_starts() -> None:
    with pytest.raises(ServiceError, match="no service"):
        ModelServer(ServerConfig(port=0, grpc_port=0)).start()
