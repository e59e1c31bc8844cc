"""Where readings come from. Every source returns a `Dataset` with the real meter numbers still in it."""

from metrify.readings.sources.open_source import open_source

__all__ = ["open_source"]
