"""Leaves a failing store in peace, and finds out soon that it is back."""

import time
from collections.abc import Callable


class CircuitBreaker:
    """Closed while calls succeed, open after some failures in a row, half-open for one trial now and then.

    A trial that never reports back (its caller was cancelled) costs nothing: the next one is due by the clock.

    Args:
        failures: In a row, after which it opens.
        retry_seconds: Between two trials while it is open.
        clock: Seconds that only rise.
    """

    def __init__(
        self, failures: int = 3, retry_seconds: float = 0.25, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._retry_seconds, self._clock = failures, retry_seconds, clock
        self._failed = 0
        self._next_trial = 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls are refused, but for trials."""
        return self._failed >= self._limit

    def allows(self) -> bool:
        """Whether to call now: always while closed; while open once every `retry_seconds`, as a trial."""
        if not self.is_open:
            return True
        now = self._clock()
        if now < self._next_trial:
            return False
        self._next_trial = now + self._retry_seconds
        return True

    def succeed(self) -> None:
        """A call succeeded: closed."""
        self._failed = 0

    def fail(self) -> None:
        """A call failed; at the limit it opens, and the next trial is due after `retry_seconds`."""
        self._failed += 1
        if self.is_open:
            self._next_trial = self._clock() + self._retry_seconds
