"""Compilation of kernels, which also works where nothing can be written."""

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Compiles a kernel at its first call and keeps the machine code beside its source, or in the user's cache folder.

    Where neither can be written, for instance in a read-only image, each process compiles it anew.
    """
    try:
        return njit(cache=True, nogil=True)(kernel)
    except RuntimeError:  # Numba finds no folder that it may write to
        return njit(nogil=True)(kernel)
