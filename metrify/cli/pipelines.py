"""`metrify pipelines`."""

import typer

app = typer.Typer(help="Compile and list pipelines.", no_args_is_help=True, rich_markup_mode=None)


@app.command("compile")
def compile_all() -> None:
    """Compile every pipeline to its IR."""
    from pipelines.compile import compile_pipelines

    for path in compile_pipelines():
        typer.echo(str(path))


@app.command("list")
def list_all() -> None:
    """List the pipelines and their tasks."""
    from pipelines.compile import PIPELINES
    from pipelines.run_local import task_names

    for name in PIPELINES:
        typer.echo(f"{name}: {', '.join(task_names(name))}")
