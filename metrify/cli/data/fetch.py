"""`metrify data fetch`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Annotated
from urllib.parse import urlsplit

import typer

from metrify.cli.data.readings import told_wrongly
from metrify.cli.output import called_as, print_json, progress_console
from metrify.errors import UsageError


def fetch(
    name: Annotated[str, typer.Argument(help="A public set of `metrify data list`, or a name of your own.")],
    url: Annotated[str, typer.Option(help="Where a copy of the file is, over HTTPS or HTTP.")],
    sha256: Annotated[str | None, typer.Option(help="Its checksum; known of the public sets.")] = None,
    timeout: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Seconds to wait for the server at each step.")
    ] = 30.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print where the file is as JSON.")] = False,
) -> None:
    """Download a public set and keep it if its checksum is right."""
    from metrify.adapters.downloads import download
    from metrify.config import Home
    from metrify.readings.sources.public_sets import find_public_set
    from metrify.steps.import_dataset import check_name

    public = find_public_set(name)
    if public is None:
        with told_wrongly():
            check_name(name)
    if public and sha256 and sha256.lower() != public.sha256:
        raise UsageError(f"{name} is known by another SHA-256, {public.sha256}.", "Leave out `--sha256`.")
    checksum = public.sha256 if public else sha256
    if checksum is None:
        raise UsageError(f"No checksum is known of {name!r}.", "Give the one that its publisher states, `--sha256`.")
    suffix = _suffix(url)
    path = Home.from_environment().public_sets / (public.file if public else f"{name}{suffix}")
    with _byte_counts() as progress:
        download(url, checksum, path, timeout, progress)
    if as_json:
        print_json({"name": name, "file": str(path), "bytes": path.stat().st_size, "sha256": checksum})
        return
    command = "train --dataset" if public else f"data import --readings {path} --name"
    typer.echo(f"file  {path}")
    typer.echo(f"next  {called_as()} {command} {name}")


def _suffix(url: str) -> str:
    """How the name of the file ends at its address."""
    try:
        address = urlsplit(url)
    except ValueError:  # half an IPv6 address
        address = urlsplit("")
    if not address.hostname:
        raise UsageError(f"{url!r} is no address of a file.", "Give one such as https://host/file.parquet.")
    return PurePosixPath(address.path).suffix


@contextmanager
def _byte_counts() -> Iterator[Callable[[int, int | None], None]]:
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    console = progress_console()
    with Progress(
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bars:
        task = bars.add_task("download", total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
