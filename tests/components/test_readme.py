import ast
from pathlib import Path

import pytest

from components import readme

FOLDERS = readme.component_folders()


def test_there_are_components() -> None:
    assert FOLDERS


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_component_has_metadata_of_its_own(folder: Path) -> None:
    metadata = readme.read_metadata(folder)
    assert metadata.name == folder.name
    assert metadata.owners
    assert ("Pipelines", ">=2.17") in [(item.name, item.version) for item in metadata.dependencies.kubeflow]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_step_in_the_readme_is_the_one_that_the_component_calls(folder: Path) -> None:
    tree = ast.parse((folder / "component.py").read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    steps = [(node.module, node.names[0].name) for node in imports if str(node.module).startswith("metrify.steps")]
    assert steps == [(f"metrify.steps.{folder.name}", folder.name)]


def test_the_readmes_are_current() -> None:
    stale = [str(path.relative_to(readme.FOLDER)) for path in readme.stale_readmes(FOLDERS)]
    assert not stale, "run `python -m components.readme`"


def test_a_readme_has_inputs_outputs_and_the_steps_words() -> None:
    text = readme.render(readme.FOLDER / "gate_model")
    assert "| `evaluation` | Artifact |" in text
    assert "## Outputs\n\nNone." in text
    assert "Lets a model pass that is better than every baseline, and better than the champion." in text


def test_check_lists_a_stale_readme_and_leaves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "gate_model"
    folder.mkdir()
    for name in ("component.py", "metadata.yaml"):
        (folder / name).write_bytes((readme.FOLDER / "gate_model" / name).read_bytes())
    (folder / "README.md").write_text("old")
    monkeypatch.setattr(readme, "FOLDER", tmp_path)
    assert readme.main(["--check"]) == 1
    assert "components/gate_model/README.md" in capsys.readouterr().out
    assert (folder / "README.md").read_text() == "old"
    assert readme.main([]) == 0
    assert readme.main(["--check"]) == 0
