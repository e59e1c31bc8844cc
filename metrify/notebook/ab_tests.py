"""A/B tests of bundles. The InferenceService alone says what the split is; a test only writes and reads it."""

import re
from typing import Annotated

from pydantic import Field, ValidationError

from metrify.bundles.manifest import FORECASTER_NAME
from metrify.bundles.signature import PUBLIC_KEY_FILE
from metrify.config import Home
from metrify.config.schema import Section
from metrify.errors import ConfigError, UsageError
from metrify.experiments.assignment import assign
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE, load_or_create_key, pseudonyms_of
from metrify.steps.install_service import require_service
from metrify.steps.rollout import read_salt, read_split, start_canary, stop_canary

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class ABTestConfig(Section):
    """A test of one bundle against the one that is served."""

    name: str
    bundle_version: str  # of the treatment, for instance gru-a17441e6a4
    percent: Annotated[int, Field(ge=1, le=100)] = 20  # share of the meters


class ABTest:
    """A defined test.

    Args:
        config: What is tested.
        home: Where the service, the bundles and the keys lie.
    """

    def __init__(self, config: ABTestConfig, home: Home) -> None:
        self.config, self._home = config, home

    @property
    def is_running(self) -> bool:
        """Whether the installed service gives the treatment a share of the meters."""
        return self.config.bundle_version in read_split(require_service(self._home))

    def start_test(self) -> None:
        """Writes the split into the installed service; a running one follows within seconds.

        Raises:
            ServiceError: No service is installed.
            BundleError: The bundle is missing, changed, or needs features that this code lacks.
            UsageError: The service has a canary already, or serves this bundle to everybody.
        """
        bundle = self._home.bundles / FORECASTER_NAME / self.config.bundle_version
        service = require_service(self._home)
        start_canary(service, bundle, self.config.percent, self._home.keys / PUBLIC_KEY_FILE)

    def route_request(self, meter_id: str) -> str:
        """The variant that serves a meter, by its number or pseudonym: `control` or the treatment's version.

        Raises:
            UsageError: The test is not running.
        """
        service, split = require_service(self._home), self._require_running()
        key = load_or_create_key(self._home.keys / PSEUDONYM_KEY_FILE)
        return assign(list(pseudonyms_of([meter_id], key).values()), read_salt(service), split)[0]

    def stop_test(self) -> None:
        """Gives all meters to the control again.

        Raises:
            UsageError: The test is not running.
        """
        self._require_running()
        stop_canary(require_service(self._home))

    def _require_running(self) -> dict[str, int]:
        split = read_split(require_service(self._home))
        if self.config.bundle_version not in split:
            raise UsageError(f"The test {self.config.name!r} is not running.", "Call `start_test` first.")
        return split


class ABTestManager:
    """The tests of a home, one small file each.

    Args:
        home: Where they lie.
    """

    def __init__(self, home: Home) -> None:
        self._home = home

    def create_test(self, config: ABTestConfig) -> ABTest:
        """Defines a test; nothing is served differently before `start_test`.

        Raises:
            UsageError: The name does not fit, or is taken.
        """
        path = self._home.ab_tests / f"{config.name}.json"
        if not _NAME.fullmatch(config.name):
            raise UsageError(f"{config.name!r} can't name a test.", "Use letters, digits, dots, dashes, underscores.")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(config.model_dump_json(indent=2) + "\n")
        except FileExistsError as error:
            raise UsageError(f"There is a test {config.name!r} already.", "Choose another name.") from error
        return ABTest(config, self._home)

    def get_test(self, name: str) -> ABTest:
        """A test that was defined, also in another process.

        Raises:
            UsageError: There is none of this name.
            ConfigError: Its file was damaged.
        """
        names = sorted(path.stem for path in self._home.ab_tests.glob("*.json"))
        if name not in names:
            raise UsageError(f"There is no test {name!r}; there is {', '.join(names) or 'none'}.", "Create it first.")
        path = self._home.ab_tests / f"{name}.json"
        try:
            return ABTest(ABTestConfig.model_validate_json(path.read_text(encoding="utf-8")), self._home)
        except ValidationError as error:
            raise ConfigError(f"{path} is not a test: {error.error_count()} fault(s).", "Delete it.") from error


def get_ab_test_manager() -> ABTestManager:
    """The tests of the home that METRIFY_HOME names."""
    return ABTestManager(Home.from_environment())
