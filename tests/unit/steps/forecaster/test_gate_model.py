import json
from pathlib import Path

import pytest

from metrify.config import MetrifyConfig
from metrify.errors import GateRefusedError
from metrify.steps.gate_model import gate_model

BETTER = {"wape": 0.20, "wape_seasonal_naive": 0.30, "wape_persistence": 0.25}
CHAMPION = {"wape_champion": 0.22, "is_champion": 0.0}


def gate(folder: Path, beat_champion: bool = True, **metrics: float) -> None:
    path = folder / "evaluation.json"
    path.write_text(json.dumps({**BETTER, **metrics}))
    gate_model(path, MetrifyConfig.model_validate({"gate": {"beat_champion": beat_champion}}))


def test_a_model_that_is_better_than_all_passes(tmp_path: Path) -> None:
    gate(tmp_path)
    gate(tmp_path, **CHAMPION)
    with pytest.raises(GateRefusedError, match="nan"):
        gate(tmp_path, wape=float("nan"))


@pytest.mark.parametrize("wape", [0.22, 0.23])
def test_one_that_is_no_better_than_the_champion_is_refused(tmp_path: Path, wape: float) -> None:
    with pytest.raises(GateRefusedError, match=r"is not below wape_champion 0\.2200\.") as raised:
        gate(tmp_path, **CHAMPION, wape=wape)
    assert "gate.beat_champion" in raised.value.mend
    gate(tmp_path, beat_champion=False, **{**CHAMPION, "wape_champion": 0.1})


def test_the_champion_itself_passes_again_if_the_baselines_let_it(tmp_path: Path) -> None:
    same = {"wape_champion": 0.20, "is_champion": 1.0}
    gate(tmp_path, **same)
    with pytest.raises(GateRefusedError, match="wape_persistence"):
        gate(tmp_path, **same, wape_persistence=0.20)


def test_each_that_is_as_good_or_better_is_named(tmp_path: Path) -> None:
    with pytest.raises(GateRefusedError) as raised:
        gate(tmp_path, **CHAMPION, wape=0.3)
    assert raised.value.problem == (
        "The model's WAPE 0.3000 is not below wape_seasonal_naive 0.3000 and wape_persistence 0.2500 and "
        "wape_champion 0.2200."
    )
