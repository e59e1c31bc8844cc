import pytest

from metrify.steps.progress import PROGRESS_LINE, Countdown, tell_progress


def test_a_line_of_progress_is_found_among_others(capsys: pytest.CaptureFixture[str]) -> None:
    print("something else")
    tell_progress("epoch 1/4 loss=0.1, 12 s left")
    assert PROGRESS_LINE.findall(capsys.readouterr().out) == ["epoch 1/4 loss=0.1, 12 s left"]


def test_the_time_left_is_that_of_the_parts_which_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("metrify.steps.progress.time.monotonic", lambda: now[0])
    countdown = Countdown(10)
    now[0] += 7
    assert countdown.left(4) == "42 s left"  # resumed: the first three took no time here
    now[0] += 3
    assert countdown.left(5) == "25 s left"
    now[0] += 1_000
    assert countdown.left(6) == "22 min left"
    assert countdown.left(10) == "0 s left"
