"""The option `--service`, which names the installed service that a command is about."""

from pathlib import Path
from typing import Annotated

import typer

from metrify.errors import UsageError

ServiceOption = Annotated[str | None, typer.Option("--service", help="An installed service, such as anomaly-detector.")]


def installed_service(name: str | None) -> Path:
    """The manifest of the installed service of that name, or of the forecaster.

    Raises:
        ServiceError: It is not installed.
    """
    from metrify.bundles.manifest import FORECASTER_NAME
    from metrify.config import Home
    from metrify.steps.install_service import require_service

    return require_service(Home.from_environment(), name or FORECASTER_NAME)


def service_with_canary(name: str | None) -> Path:
    """The manifest of the installed service of that name, or of the one that has a canary, or else of the forecaster.

    Raises:
        ServiceError: It is not installed.
        UsageError: No name is given, and several have a canary.
    """
    from metrify.config import Home
    from metrify.steps.install_service import require_services
    from metrify.steps.rollout import read_split

    if name:
        return installed_service(name)
    services = require_services(Home.from_environment())
    split = [service for service in services if read_split(service)]
    if len(split) > 1:
        named = " and ".join(service.stem for service in split)
        raise UsageError(f"{named} have a canary each.", "Name one of them with --service.")
    if split or len(services) == 1:
        return (split or services)[0]
    return installed_service(None)
