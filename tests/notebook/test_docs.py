"""The examples of docs/python-api.md run, one after the other."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metrify import get_mlflow_manager
from metrify.config import Home
from metrify.readings.sources.table_source import TableSource
from metrify.steps.import_dataset import import_dataset

PAGE = Path(__file__).parents[2] / "docs" / "python-api.md"


def write_weather(path: Path) -> None:
    """Observations, and before each midnight a forecast of the day."""
    hours = pd.date_range("2024-03-01", periods=33 * 24, freq="h", tz="UTC")
    observed = pd.DataFrame({"timestamp": hours, "issued_at": pd.Series(pd.NaT, range(len(hours)), hours.dtype)})
    forecast = observed.assign(issued_at=hours.floor("D") - pd.Timedelta(hours=6))
    pd.concat([observed, forecast]).assign(temperature_c=7.0).to_parquet(path, index=False)


def test_the_examples_run(home: Home, make_readings: Callable, tmp_path: Path) -> None:
    make_readings(4, 32).to_parquet(tmp_path / "readings.parquet")
    write_weather(tmp_path / "weather.parquet")
    source = TableSource(tmp_path / "readings.parquet", "ours", weather=tmp_path / "weather.parquet")
    import_dataset(source, home=home)
    get_mlflow_manager().register_bundle(home.bundles / "load-forecaster" / "gru-two")

    seen: dict[str, Any] = {}
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for example in examples:
        exec(compile(example, PAGE.name, "exec"), seen)

    assert len(examples) == 7
    # In summer a day begins at 23:00 UTC, for which the forecast of the UTC day before is the newest.
    assert set(seen["around"].features["forecast_age"].ravel()) == {5, 6, 29}
    assert seen["point_kwh"].shape == (4, 24)
    np.testing.assert_array_equal(
        seen["latest"]["load_window"].to_list(), seen["rows"].features["load_window"][seen["newest"]]
    )
    assert seen["candidate"].version == "gru-two"
    assert seen["forecasts"].variants == ["control"] * 4
    assert seen["variant"] in ("control", "gru-two")
