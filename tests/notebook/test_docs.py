"""The examples of docs/python-api.md run, one after the other."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from metrify import get_mlflow_manager
from metrify.config import Home
from metrify.readings.sources.table_source import TableSource
from metrify.steps.import_dataset import import_dataset

PAGE = Path(__file__).parents[2] / "docs" / "python-api.md"


def test_the_examples_run(home: Home, make_readings: Callable, tmp_path: Path) -> None:
    make_readings(4, 32).to_parquet(tmp_path / "readings.parquet")
    import_dataset(TableSource(tmp_path / "readings.parquet", "ours"), home=home)
    get_mlflow_manager().register_bundle(home.bundles / "load-forecaster" / "gru-two")

    seen: dict[str, Any] = {}
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for example in examples:
        exec(compile(example, PAGE.name, "exec"), seen)

    assert len(examples) == 6
    assert seen["point_kwh"].shape == (4, 24)
    np.testing.assert_array_equal(
        seen["latest"]["load_window"].to_list(), seen["rows"].features["load_window"][seen["newest"]]
    )
    assert seen["candidate"].version == "gru-two"
    assert seen["forecasts"].variants == ["control"] * 4
    assert seen["variant"] in ("control", "gru-two")
