"""Lets one process at a time do something in a home, so that two runs beside each other don't do it twice."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from metrify.config import Home


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Waits until no other process holds the lock file, and holds it; it is free again however this process ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def locked_if_free(path: Path) -> Iterator[bool]:
    """Holds the lock file if nobody else does, and says whether it is held."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def dataset_lock(home: Home, name: str) -> Iterator[None]:
    """Waits until nobody else reads or changes the folder of an imported dataset as a whole."""
    with locked(home.locks / f"dataset-{name}.lock"):
        yield
