"""A parsed file that is read again when it changes."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from kserve.logging import logger

from metrify.errors import MetrifyError

T = TypeVar("T")
_CHECK_SECONDS = 0.5


class WatchedFile(Generic[T]):
    """Holds what `parse(path)` gives; looks for a change twice a second at most.

    A new content that can't be parsed is logged, and the last good one stays in use.

    Args:
        path: The file.
        parse: Raises a `MetrifyError` on bad content.
    """

    def __init__(self, path: Path, parse: Callable[[Path], T]) -> None:
        self._path, self._parse = path, parse
        self._stamp = self._read_stamp()
        self._value = parse(path)
        self._checked = time.monotonic()

    def value(self) -> T:
        """The present content."""
        now = time.monotonic()
        if now - self._checked >= _CHECK_SECONDS:
            self._checked = now
            stamp = self._read_stamp()
            if stamp is not None and stamp != self._stamp:
                self._stamp = stamp
                try:
                    self._value = self._parse(self._path)
                    logger.info("Read %s again", self._path)
                except MetrifyError as error:
                    logger.error("Kept the last good content: %s", error)
        return self._value

    def _read_stamp(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat()
        except FileNotFoundError:  # for the moment of a replacement
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
