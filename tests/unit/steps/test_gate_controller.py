import json
from pathlib import Path

import pytest

from metrify.config import default_config
from metrify.errors import GateRefusedError
from metrify.steps.gate_model import gate_model

GOOD = {"saving_ratio": 0.9, "saving_ratio_self_consumption": 0.4, "saving_ratio_none": 0.0, "violations": 0.0}


def gate(folder: Path, **metrics: float) -> None:
    path = folder / "evaluation.json"
    path.write_text(json.dumps({**GOOD, **metrics}))
    gate_model(path, default_config(), "grid-optimization")


def test_a_controller_that_saves_more_than_the_rule_passes(tmp_path: Path) -> None:
    gate(tmp_path)
    gate(tmp_path, saving_ratio_champion=0.89, is_champion=0.0)


def test_one_that_breaches_a_limit_is_refused_however_much_it_saves(tmp_path: Path) -> None:
    with pytest.raises(GateRefusedError, match="The model has 3 violations on the weeks that it is judged on"):
        gate(tmp_path, saving_ratio=0.99, violations=3.0)


def test_one_that_saves_no_more_than_the_rule_nothing_or_the_champion_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GateRefusedError, match=r"not above saving_ratio_self_consumption 0\.4000"):
        gate(tmp_path, saving_ratio=0.4)
    with pytest.raises(GateRefusedError, match="saving_ratio_none"):
        gate(tmp_path, saving_ratio=-0.1, saving_ratio_self_consumption=-0.2)
    with pytest.raises(GateRefusedError, match="saving_ratio_champion"):
        gate(tmp_path, saving_ratio_champion=0.95, is_champion=0.0)
    gate(tmp_path, saving_ratio_champion=0.9, is_champion=1.0)
