"""Reads a source and writes it as a dataset in which meter numbers are pseudonyms."""

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from metrify.config import Home
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE, load_or_create_key, pseudonyms_of
from metrify.readings.dataset import INFO_FILE, METERS_FILE, READINGS_FILE, Dataset, recover_folder, write_dataset
from metrify.readings.sources import SOURCES, locate_source, open_source
from metrify.steps.lock import dataset_lock
from metrify.steps.reuse import reusable


def ingest_readings(source: str, output: Path, home: Home | None = None) -> dict[str, float]:
    """Ingests a source. The pseudonym key is made on first use and stays in the home.

    Args:
        source: Name of the source.
        output: Dataset folder to write.
        home: Where imported datasets and the key lie.

    Returns:
        How many meters, readings and distinct profile groups there are.

    Raises:
        DatasetError: The source is unknown, missing or unreadable.
    """
    home = home or Home.from_environment()
    key_file = home.keys / PSEUDONYM_KEY_FILE
    load_or_create_key(key_file)
    if source in SOURCES or Path(source).name != source:
        return _ingest(source, locate_source(source, home.public_folders(), home.datasets), key_file, output, home)
    with dataset_lock(home, source):  # no import changes it while its contents are digested and copied
        recover_folder(home.datasets / source)
        return _ingest(source, locate_source(source, [], home.datasets), key_file, output, home)


@reusable(outputs=("output",))
def _ingest(source: str, location: Path | None, key_file: Path, output: Path, home: Home) -> dict[str, float]:
    if location is not None and (location / INFO_FILE).is_file():
        shutil.copytree(location, output, dirs_exist_ok=True)  # it was imported: pseudonyms, versions and all
    else:
        write_dataset(with_pseudonyms(open_source(source, location), load_or_create_key(key_file)), output)
    meters = pd.read_parquet(output / METERS_FILE, columns=["group"])
    return {
        "meters": len(meters),
        "readings": pq.read_metadata(output / READINGS_FILE).num_rows,
        "profiles": meters["group"].nunique(),
    }


def with_pseudonyms(dataset: Dataset, key: bytes) -> Dataset:
    """The dataset with each meter number, also where it names the meter's own group, replaced by its pseudonym."""
    pseudonym = pseudonyms_of(dataset.meters["meter_id"], key)
    meters = dataset.meters.assign(
        meter_id=dataset.meters["meter_id"].map(pseudonym),
        group=dataset.meters["group"].map(lambda group: pseudonym.get(group, group)),
    )
    return replace(
        dataset, readings=dataset.readings.assign(meter_id=dataset.readings["meter_id"].map(pseudonym)), meters=meters
    )
