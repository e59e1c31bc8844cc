"""Where readings come from. Every source returns a `Dataset`."""

from metrify.readings.sources.open_source import SOURCES, imported_names, locate_source, open_source

__all__ = ["SOURCES", "imported_names", "locate_source", "open_source"]
