"""How a long step tells people how far it is: lines that the local runner finds in what a task prints."""

import re
import time

_MARK = "progress: "
PROGRESS_LINE = re.compile(rf"{_MARK}(.+)")


def tell_progress(text: str) -> None:
    """Prints a line of progress, in a cluster's log as on a laptop."""
    print(f"{_MARK}{text}", flush=True)


class Countdown:
    """How long something of equal parts will still take.

    Args:
        parts: How many there are.
    """

    def __init__(self, parts: int) -> None:
        self._parts, self._started, self._first = parts, time.monotonic(), -1

    def left(self, done: int) -> str:
        """The time left, in words.

        Args:
            done: Parts that are done. The first call may begin anywhere: what was done before took no time here.
        """
        if self._first < 0:
            self._first = done - 1
        seconds = (time.monotonic() - self._started) / (done - self._first) * (self._parts - done)
        return f"{seconds:.0f} s left" if seconds < 100 else f"{seconds / 60:.0f} min left"
