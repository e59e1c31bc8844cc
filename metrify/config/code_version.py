"""The version of the code that makes results: the release, and a digest of the sources behind it."""

import hashlib
from functools import cache
from pathlib import Path

from metrify import __version__

_PACKAGE = Path(__file__).resolve().parents[1]
_NO_RESULTS = _PACKAGE / "cli"  # it shows results and makes none
_DIGITS = 10


@cache
def code_version() -> str:
    """For instance `0.1.0+5f2c9e01ab`; another text after any change of the domain library."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        if not path.is_relative_to(_NO_RESULTS):
            digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{__version__}+{digest.hexdigest()[:_DIGITS]}"
