"""What both processes share at their entry: arguments, one-line errors, an end when their starter is gone."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from kserve import model_server

from metrify.errors import MetrifyError

EXIT_WITH_STARTER_VARIABLE = "METRIFY_EXIT_WITH_STARTER"


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
    if os.environ.get(EXIT_WITH_STARTER_VARIABLE):
        threading.Thread(target=_end_with_starter, name="starter-watch", daemon=True).start()
    try:
        main()
    except MetrifyError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 1
    return 0


def _end_with_starter() -> None:
    """Ends this process once its standard input is closed, which happens when the process that started it ends."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
