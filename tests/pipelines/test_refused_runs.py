from pathlib import Path

import pytest

from metrify.config import Home
from metrify.errors import PipelineRunError

from .conftest import Run, write_households


def test_an_unknown_source_fails_with_the_cause_and_the_mend(tmp_path: Path, run_in: Run) -> None:
    told: list[str] = []
    with pytest.raises(PipelineRunError) as raised:
        run_in(Home(tmp_path / "home"), tmp_path, source="atlantis", told=told)
    message = str(raised.value)
    assert "There is no dataset 'atlantis'. Use one of simbench, 1-LV-rural1--2-sw, " in message
    assert "Traceback" not in message
    assert not set(told) - {"ingest-readings"}
    log = Path(raised.value.mend.removeprefix("Its log is ").removesuffix("."))
    assert "DatasetError: There is no dataset 'atlantis'" in log.read_text(encoding="utf-8")


def test_a_configuration_that_is_none_fails_with_its_key(tmp_path: Path, run_in: Run) -> None:
    write_households(tmp_path / "data", noise=0.5)
    told: list[str] = []
    with pytest.raises(PipelineRunError, match=r"training\.consumption_forecasting\.epochs"):
        run_in(Home(tmp_path / "home"), tmp_path / "data", told=told, epochs=0)
    assert "ingest-readings" in told
    assert not set(told) - {"ingest-readings", "validate-readings"}


def test_the_gate_refuses_a_model_that_a_baseline_beats_and_nothing_is_released(tmp_path: Path, run_in: Run) -> None:
    # Every week is like the last: the naive forecast is perfect, and no model can be better.
    write_households(tmp_path / "data", noise=0)
    home, told = Home(tmp_path / "home"), []
    with pytest.raises(PipelineRunError, match=r"WAPE .* is not below wape_seasonal_naive 0\.0") as raised:
        run_in(home, tmp_path / "data", told=told, model_type="residual", epochs=1)
    assert "Train longer" in str(raised.value)
    assert "evaluate-forecaster" in told
    assert not {"fit-drift-reference", "write-bundle", "register-model", "render-inference-service"} & set(told)
    assert not home.bundles.exists()
    assert not (home.root / "mlflow.db").exists()
