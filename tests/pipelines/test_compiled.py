import ast
from pathlib import Path

import pytest
import yaml

from pipelines.compile import COMPILED_FOLDER, PIPELINES, compile_pipelines

COMPONENTS = sorted((COMPILED_FOLDER.parents[1] / "components").glob("*/component.py"))
MAX_LINES = 40

pipelines = pytest.mark.parametrize("pipeline", PIPELINES)
components = pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.parent.name)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compiled")
    compile_pipelines(folder)
    return folder


@pipelines
def test_compiling_twice_gives_the_same_bytes(compiled: Path, tmp_path: Path, pipeline: str) -> None:
    compile_pipelines(tmp_path)
    file = f"{pipeline}.yaml"
    assert (tmp_path / file).read_bytes() == (compiled / file).read_bytes()


@pipelines
def test_what_is_committed_is_what_the_code_says(compiled: Path, pipeline: str) -> None:
    def documents(folder: Path) -> list[dict]:
        return list(yaml.safe_load_all((folder / f"{pipeline}.yaml").read_text(encoding="utf-8")))

    committed, ours = documents(COMPILED_FOLDER), documents(compiled)
    for document in (committed[0], ours[0]):
        del document["sdkVersion"]
    assert committed == ours, "run `metrify pipelines compile`"


def test_every_compiled_file_has_its_pipeline() -> None:
    assert {path.stem for path in COMPILED_FOLDER.glob("*.yaml")} == set(PIPELINES)


@pipelines
def test_nothing_is_installed_and_no_image_floats(pipeline: str) -> None:
    text = (COMPILED_FOLDER / f"{pipeline}.yaml").read_text(encoding="utf-8")
    assert "pip install" not in text
    assert "pip3" not in text
    executors = yaml.safe_load(text)["deploymentSpec"]["executors"]
    for name, executor in executors.items():
        _, _, tag = executor["container"]["image"].rpartition("/")[2].partition(":")
        assert tag not in ("", "latest"), name


@pipelines
def test_the_version_of_the_code_is_part_of_the_cache_key_of_the_first_step(pipeline: str) -> None:
    ir = yaml.safe_load((COMPILED_FOLDER / f"{pipeline}.yaml").read_text(encoding="utf-8"))
    first = [task for task in ir["root"]["dag"]["tasks"].values() if "dependentTasks" not in task]
    assert first
    assert all("code_version" in task["inputs"]["parameters"] for task in first)


@components
def test_a_component_is_one_import_and_one_call_of_a_step(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) < MAX_LINES
    tree = ast.parse(source)
    (function,) = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    imports = [node for node in ast.walk(function) if isinstance(node, ast.ImportFrom)]
    steps = [node for node in imports if (node.module or "").startswith("metrify.steps.")]
    assert len(steps) <= 1
    calls = [node.func.id for node in ast.walk(function) if isinstance(node, ast.Call) and hasattr(node.func, "id")]
    for step in steps:
        assert [alias.name for alias in step.names] == [path.parent.name]
        assert calls.count(path.parent.name) == 1


@components
def test_a_component_has_the_name_of_its_folder(path: Path) -> None:
    (function,) = (node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef))
    assert function.name == path.parent.name
