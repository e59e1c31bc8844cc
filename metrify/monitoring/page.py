"""A self-contained HTML page: charts and their scripts lie inside the file, so it opens anywhere without a network."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2

if TYPE_CHECKING:
    import altair

_TEMPLATE = "page.html.j2"


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        titles: Of the columns.
        rows: Cells as they are shown.
    """

    titles: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Attributes:
        title: Its heading.
        text: What the reader should see in it.
        charts: Altair charts, in their order.
        facts: Pairs of a name and a value.
        table: Shown below the facts.
    """

    title: str
    text: str
    charts: "Sequence[altair.TopLevelMixin]" = ()
    facts: Sequence[tuple[str, str]] = ()
    table: Table | None = None


def write_page(path: Path, title: str, lead: str, sections: Sequence[Section]) -> None:
    """Writes a page in one step.

    Args:
        path: HTML file to write.
        title: Of the page.
        lead: What the page says in one or two sentences.
        sections: Its parts.
    """
    import altair
    import vl_convert

    version = ".".join(altair.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", version)
    source = resources.files(__package__).joinpath(_TEMPLATE).read_text(encoding="utf-8")
    text = (
        jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
        .from_string(source)
        .render(
            title=title,
            lead=lead,
            sections=sections,
            specifications=[[_script_safe(chart.to_dict()) for chart in section.charts] for section in sections],
            script=script.replace("</script", "<\\/script"),
        )
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _script_safe(specification: dict[str, object]) -> str:
    return json.dumps(specification).replace("</", "<\\/")
