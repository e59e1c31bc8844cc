"""What both processes share at their entry: arguments, one-line errors, an end when their starter is gone."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from kserve import model_server

from inference_services.starter import watch_starter
from metrify.errors import MetrifyError


def server_parser(description: str) -> argparse.ArgumentParser:
    """A parser with kserve's arguments and those of every Metrify server."""
    parser = argparse.ArgumentParser(description=description, parents=[model_server.parser])
    parser.add_argument("--model_dir", type=Path, required=True, help="Folder of the model bundle.")
    parser.add_argument("--trusted_key", type=Path, required=True, help="Public key (PEM) of the bundle's signer.")
    # Not `--config`, which kserve takes for the beginning of its own `--configure_logging`.
    parser.add_argument("--ml_config", type=Path, default=None, help="An ml_config.yaml; the defaults without it.")
    return parser


def run_entry_point(main: Callable[[], None]) -> int:
    """Runs a server; an error of ours is one line on stderr and exit code 1."""
    watch_starter()
    try:
        main()
    except MetrifyError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 1
    return 0
