"""`metrify data import-feeder`, and what one does with a feeder that was imported."""

import json
from pathlib import Path

import pandas as pd
import pytest

from metrify.readings.dataset import read_dataset

from ..unit.grid.imported_net import DAYS, ZONE, make_net, make_profiles, write_net
from .conftest import RunMain


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a net and its profiles."""
    folder, net = tmp_path_factory.mktemp("net"), make_net()
    write_net(folder, net)
    make_profiles(net).to_parquet(folder / "profiles.parquet", index=False)
    return folder


def test_an_imported_net_is_a_feeder_and_a_dataset(run_main: RunMain, files: Path, metrify_home: Path) -> None:
    call = ("data", "import-feeder", "net.json", "--profiles", "profiles.parquet", "--name", "village")
    run = run_main(metrify_home, files, *call, "--timezone", ZONE, "--licence", "ours", "--json")
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert (told["loads"], told["inverters"], told["batteries"], told["days"]) == (14, 2, 1, DAYS)
    dataset = read_dataset(metrify_home / "datasets" / "village")
    assert dataset.info.licence == "ours" and len(dataset.meters) == 16
    assert not dataset.meters["meter_id"].str.contains("village").any()  # pseudonyms
    listed = json.loads(run_main(metrify_home, files, "data", "list", "--json").stdout)
    assert listed["imported"] == ["village"] and "1-LV-rural1--2-sw" in listed["built_in"]
    quality = run_main(metrify_home, files, "data", "quality", "village", "--json")
    assert quality.returncode == 0, quality.stderr
    plan = run_main(metrify_home, files, "optimize", "--feeder", "village", "--json")
    assert plan.returncode == 0 and json.loads(plan.stdout)["saving_eur"] > 0
    again = run_main(metrify_home, files, *call, "--timezone", ZONE)
    assert again.returncode == 1 and "a feeder 'village' already. Replace it with `--replace`" in again.stderr
    assert run_main(metrify_home, files, *call, "--timezone", ZONE, "--replace").returncode == 0


def test_what_can_not_be_imported_leaves_nothing(run_main: RunMain, files: Path, metrify_home: Path) -> None:
    profiles = pd.read_parquet(files / "profiles.parquet").drop(columns="sgen/PV 0/kw")
    profiles.to_csv(files / "short.csv", index=False)
    call = ("data", "import-feeder", "net.json", "--profiles", "short.csv", "--timezone", ZONE)
    run = run_main(metrify_home, files, *call, "--name", "village")
    assert run.returncode == 1 and "short.csv lacks 1 columns: sgen/PV 0/kw. Bring one of each element" in run.stderr
    assert not (metrify_home / "feeders").exists() and not (metrify_home / "datasets" / "village").exists()
    named = run_main(metrify_home, files, *call, "--name", "1-LV-rural1--2-sw")
    assert named.returncode == 2 and "is a built-in dataset" in named.stderr
    placed = run_main(metrify_home, files, *call, "--name", "village", "--country", "Atlantis")
    assert placed.returncode == 1 and "No public holidays are known" in placed.stderr
