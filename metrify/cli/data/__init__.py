"""`metrify data`: datasets."""

import typer

from metrify.cli.data import fetch, readings

app = typer.Typer(
    help="Import, fetch and list datasets.", no_args_is_help=True, rich_markup_mode=None
)
app.command("import")(readings.import_table)
app.command("list")(readings.list_all)
app.command("fetch")(fetch.fetch)
