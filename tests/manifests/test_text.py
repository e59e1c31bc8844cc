"""What may stand in no YAML file of the cluster."""

import re
from pathlib import Path

import pytest
import yaml

from .files import MANIFESTS, ROOT, RUNTIME, SERVICES

FILES = sorted(path for folder in (RUNTIME, *SERVICES, MANIFESTS) for path in folder.rglob("*.yaml"))
MACHINE_PATH = re.compile(r"file://|(?<![\w.-])/(?:home|root|Users|work|private|opt)/|[A-Z]:\\")
IMAGE = re.compile(r"metrify-[a-z]+")

pytestmark = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))


def test_it_is_yaml(path: Path) -> None:
    assert list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def test_it_names_no_moving_tag_and_no_path_of_a_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "latest" not in text
    assert not MACHINE_PATH.search(text)


def test_an_image_is_a_bare_name(path: Path) -> None:
    """The registry and the version are the overlay's, or the user's."""
    named = re.findall(r"^\s*(?:- )?image: *(\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert all(IMAGE.fullmatch(image) for image in named), named
