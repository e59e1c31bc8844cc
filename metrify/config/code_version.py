"""The version of the code that makes results: the release, and a digest of the sources and libraries behind it."""

import hashlib
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from metrify import __version__

_ROOT = Path(__file__).resolve().parents[2]
_SOURCES = ("metrify", "feature_repo")
_NO_RESULTS = (_ROOT / "metrify" / "cli", _ROOT / "metrify" / "notebook")  # they ask for results and make none
_LIBRARIES = (
    *("alibi-detect", "feast", "holidays", "keras", "numba", "numpy", "onnxruntime", "pandas", "pyarrow"),
    *("simbench", "tensorflow", "tf2onnx"),  # SimBench is also where readings come from
)
_DIGITS = 10


@cache
def code_version() -> str:
    """For instance `0.1.0+5f2c9e01ab`; another text after any change of the sources or libraries that make results."""
    digest = hashlib.sha256()
    for library in _LIBRARIES:
        with suppress(PackageNotFoundError):  # the serving image has no TensorFlow
            digest.update(f"{library}=={version(library)}\0".encode())
    for path in sorted(path for name in _SOURCES for path in (_ROOT / name).rglob("*.py")):
        if not any(path.is_relative_to(folder) for folder in _NO_RESULTS):
            digest.update(path.relative_to(_ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{__version__}+{digest.hexdigest()[:_DIGITS]}"
