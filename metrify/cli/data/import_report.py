"""What `metrify data import` tells: rows while it works, and figures at the end."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from metrify.cli.output import progress_console

if TYPE_CHECKING:
    from metrify.readings.sources.import_table import ImportedTable

_ROWS_PER_LINE = 5_000_000


def row_counts() -> Callable[[str, int], None]:
    """Says in a line of its own when another few million rows are done."""
    console = progress_console()
    told: dict[str, int] = {}

    def progress(stage: str, rows: int) -> None:
        lines = rows // _ROWS_PER_LINE
        if lines > told.get(stage, 0):
            told[stage] = lines
            console.print(f"  {stage} {rows:,} rows")

    return progress


def import_figures(imported: "ImportedTable") -> dict[str, int | bool]:
    """Figures by their name; those of registers and labels only where there are any."""
    arrival, is_new = imported.arrival, not imported.is_replay
    figures: dict[str, int | bool] = {
        "data_version": arrival.data_version,
        "replayed": imported.is_replay,
        "rows": imported.rows,
        "meters": imported.meters,
        "readings": imported.readings,
        "added": arrival.added * is_new,
        "corrected": arrival.corrected * is_new,
        "withdrawn": arrival.withdrawn * is_new,
        "duplicates": arrival.duplicates * is_new,
        "superseded_on_arrival": arrival.superseded * is_new,
        "missing_readings": arrival.missing * is_new,
        "silent_meters": imported.silent_meters,
    }
    perhaps = {
        "register_resets": imported.resets,
        "register_rollovers": imported.rollovers,
        "register_gaps": imported.register_gaps,
        "labels": imported.labels,
    }
    return figures | {name: count for name, count in perhaps.items() if count}
