"""The breaker opens, tries and closes by its own clock."""

import pytest

from metrify.adapters.circuit_breaker import CircuitBreaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(failures=3, retry_seconds=0.5, clock=clock)


def test_it_opens_after_failures_in_a_row(breaker: CircuitBreaker) -> None:
    for _ in range(2):
        breaker.fail()
        breaker.fail()
        assert not breaker.is_open
        breaker.succeed()
    for _ in range(3):
        assert breaker.allows()
        breaker.fail()
    assert breaker.is_open
    assert not breaker.allows()


def test_while_open_one_call_at_a_time_is_a_trial(breaker: CircuitBreaker, clock: Clock) -> None:
    for _ in range(3):
        breaker.fail()
    clock.now += 0.4
    assert not breaker.allows()
    clock.now += 0.1
    assert [breaker.allows(), breaker.allows()] == [True, False]
    breaker.fail()
    assert breaker.is_open
    clock.now += 0.5
    assert breaker.allows()


def test_a_trial_that_succeeds_closes_it(breaker: CircuitBreaker, clock: Clock) -> None:
    for _ in range(3):
        breaker.fail()
    clock.now += 1
    assert breaker.allows()
    breaker.succeed()
    assert not breaker.is_open
    assert [breaker.allows() for _ in range(3)] == [True] * 3


def test_a_trial_that_never_reports_back_costs_nothing(breaker: CircuitBreaker, clock: Clock) -> None:
    for _ in range(3):
        breaker.fail()
    clock.now += 0.5
    assert breaker.allows()
    clock.now += 0.5
    assert breaker.allows()
