"""`metrify bundle`."""

from pathlib import Path
from typing import Annotated

import typer

from metrify.cli.output import print_json

app = typer.Typer(help="Look at model bundles.", no_args_is_help=True, rich_markup_mode=None)


@app.command("verify")
def verify(
    bundle: Annotated[Path, typer.Argument(help="Bundle folder.")],
    trusted_key: Annotated[Path | None, typer.Option(help="Public key (PEM) of the signer; ours without it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest as JSON.")] = False,
) -> None:
    """Check a bundle's signature and features, and say what is in it."""
    from metrify.bundles.load import load_bundle, require_folder
    from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
    from metrify.config import Home

    require_folder(bundle)
    key = trusted_key or Home.from_environment().keys / PUBLIC_KEY_FILE
    manifest = load_bundle(bundle, load_public_key(key)).manifest
    if as_json:
        print_json(manifest.model_dump(mode="json"))
        return
    typer.echo(f"verified  {manifest.name} {manifest.version} ({manifest.model_type}, {manifest.task})")
    typer.echo(f"features  {', '.join(manifest.features)}")
    typer.echo(f"trained   {manifest.training_period[0]} to {manifest.training_period[1]} on {manifest.dataset_name}")
    for name, value in manifest.metrics.items():
        typer.echo(f"{name:20} {value:.4f}")
