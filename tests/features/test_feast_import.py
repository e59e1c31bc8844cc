"""What the import of Feast costs a command; only a process of its own shows that."""

import subprocess
import sys

_OPEN_STORE = """
from contextlib import suppress
import typeguard
from metrify.adapters.feature_repository import open_store
from metrify.config import Home
from metrify.errors import FeatureStoreError

before = typeguard.typechecked
with suppress(FeatureStoreError):
    open_store(Home.from_environment())
assert typeguard.typechecked is before, "other packages want their checks"

import feast
print("typeguard" in str(feast.Entity.__init__.__code__.co_names + feast.Entity.__init__.__code__.co_varnames))
"""


def test_a_command_does_not_wait_for_the_checks_that_feast_builds_into_its_classes() -> None:
    done = subprocess.run([sys.executable, "-c", _OPEN_STORE], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("False\n", 0), done.stderr
