import numpy as np
import pytest

from metrify.config.schema import FAULT_NAMES, QualityConfig
from metrify.errors import UsageError
from metrify.readings.quality.faults import Fault, break_rules, describe_faults, fault_name, parse_faults


def test_the_configuration_knows_every_fault_of_the_load() -> None:
    assert [fault_name(fault) for fault in Fault] == [*FAULT_NAMES, "future", "outlying"]


def test_every_fault_has_a_bit_of_its_own_in_sixteen() -> None:
    assert sorted(int(fault) for fault in Fault) == [1 << bit for bit in range(len(Fault))]
    assert max(Fault) < 1 << 14  # two more are for days


@pytest.mark.parametrize("name", [*FAULT_NAMES, "future", "outlying"])
def test_a_name_means_its_fault(name: str) -> None:
    assert fault_name(parse_faults(name)) == name


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no fault 'spikes'") as raised:
        parse_faults("negative+spikes")
    assert "spike, jump" in raised.value.mend


def test_reasons_are_named_in_one_order() -> None:
    bits = np.array([0, Fault.JUMP | Fault.SPIKE, Fault.STUCK, Fault.NEGATIVE | Fault.FUTURE], dtype=np.uint16)
    assert describe_faults(bits).tolist() == ["", "spike+jump", "stuck", "negative+future"]
    assert describe_faults(bits[:0]).tolist() == []


def test_a_rule_is_broken_by_all_its_faults_together() -> None:
    bits = np.array([[0, Fault.SPIKE, Fault.JUMP], [Fault.SPIKE | Fault.JUMP, Fault.NEGATIVE, 255]], dtype=np.uint16)
    expected = [[False, False, False], [True, True, True]]
    assert break_rules(bits, ("spike+jump", "negative")).tolist() == expected
    assert not break_rules(bits, ()).any()


def test_unknown_faults_are_refused_in_the_configuration() -> None:
    with pytest.raises(ValueError, match="there is no fault 'future', 'spyke'"):
        QualityConfig(quarantined_faults=("spyke+jump", "future"))


def test_stuck_is_the_longer_flat_line() -> None:
    with pytest.raises(ValueError, match=r"stuck_hours \(6\) is shorter than flat_line_hours \(12\)"):
        QualityConfig(stuck_hours=6)
