"""Lists and tables in Markdown."""

from collections.abc import Mapping, Sequence


def markdown_table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table.

    Args:
        titles: Of the columns.
        rows: Cells, of which those that are numbers stand at the right.
    """
    numeric = [bool(rows) and all(isinstance(row[place], int | float) for row in rows) for place in range(len(titles))]
    lines = [titles, ["---:" if is_number else "---" for is_number in numeric], *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def bullet_list(items: Mapping[str, object] | Sequence[str]) -> str:
    """A list of sentences, or of names with their values."""
    lines = [f"{name}: {_cell(value)}" for name, value in items.items()] if isinstance(items, Mapping) else items
    return "\n".join(f"- {line}" for line in lines)


def _cell(value: object) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return " ".join(text.split()).replace("|", r"\|")
