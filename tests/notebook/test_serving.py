import numpy as np
import pandas as pd
import pytest

from metrify import ModelServer, ServerConfig
from metrify.config import Home
from metrify.errors import ConfigError, InvalidRequestError, ServiceError, UsageError

from .conftest import LENGTH, Trained, draw_loads


def test_a_server_forecasts_as_the_model_does(home: Home, trained: Trained) -> None:
    windows = draw_loads(3, LENGTH, 8)
    path = home.root / "windows.parquet"
    rows = {"meter_id": [f"m_{row:024x}" for row in range(3)], "window_end": "2024-03-01T00:00:00"}
    pd.DataFrame({**rows, "load_window": list(windows)}).to_parquet(path)
    config = ServerConfig(port=0, grpc_port=0, max_batch_size=32)
    with ModelServer(config, feature_reader=f"parquet:{path}") as server:
        answer = server.predict(rows["meter_id"])
        np.testing.assert_allclose(answer.point_kwh, trained.model.predict(windows), rtol=1e-4, atol=1e-5)
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


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"host": "0.0.0.0"}, "not on 0.0.0.0"),
        ({"max_batch_size": 7}, "max_batch_size is 7 here and 32 in load-forecaster.yaml"),
        ({"enable_metrics": False}, "enable_metrics is false here and true"),
    ],
)
def test_settings_that_would_have_no_effect_are_refused(home: Home, values: dict, part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        ModelServer(ServerConfig(port=0, grpc_port=0, **values)).start()
