"""`metrify data`: datasets, their quality and their features."""

import typer

from metrify.cli.data import backfill, features, feeder, fetch, quality, readings

app = typer.Typer(
    help="Import, list and judge datasets, and look at their features.", no_args_is_help=True, rich_markup_mode=None
)
app.command("import")(readings.import_table)
app.command("import-feeder")(feeder.import_feeder)
app.command("list")(readings.list_all)
app.command("fetch")(fetch.fetch)
app.command("backfill")(backfill.backfill)
app.command("trace")(backfill.trace)
app.add_typer(features.app, name="features")
app.command("quality")(quality.show_quality)
app.command("quarantine")(quality.show_quarantine)
app.command("release")(quality.release)
