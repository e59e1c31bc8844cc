"""The option `--service`, which names the installed service that a command is about."""

from pathlib import Path
from typing import Annotated

import typer

ServiceOption = Annotated[
    str | None, typer.Option("--service", help="An installed service: anomaly-detector, or load-forecaster without it.")
]


def installed_service(name: str | None) -> Path:
    """The manifest of the installed service of that name, or of the forecaster.

    Raises:
        ServiceError: It is not installed.
    """
    from metrify.bundles.manifest import FORECASTER_NAME
    from metrify.config import Home
    from metrify.steps.install_service import require_service

    return require_service(Home.from_environment(), name or FORECASTER_NAME)
