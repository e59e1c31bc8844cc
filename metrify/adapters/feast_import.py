"""Imports Feast in a quarter of its time."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import TypeVar

import typeguard

T = TypeVar("T")


@cache
def import_feast() -> ModuleType:
    """The package `feast`. Whoever needs it takes it from here, since only the first import in a process counts.

    Feast lets typeguard read and rewrite the source of its classes, to check the types of their arguments: 4 of the 6
    seconds that its import takes on one core. Our calls are checked by tests and need no other check.
    """
    with _without_type_checks():
        return importlib.import_module("feast")


@contextmanager
def _without_type_checks() -> Iterator[None]:
    before = typeguard.typechecked
    typeguard.typechecked = _unchanged  # type: ignore[assignment]
    try:
        yield
    finally:
        typeguard.typechecked = before


def _unchanged(target: T) -> T:
    return target
