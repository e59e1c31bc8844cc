"""Reads a source and writes it as a dataset in which meter numbers are pseudonyms."""

import os
from dataclasses import replace
from pathlib import Path

from metrify.config import Home
from metrify.config.home import DATA_VARIABLE
from metrify.privacy.pseudonyms import load_or_create_key, pseudonyms_of
from metrify.readings.dataset import write_dataset
from metrify.readings.sources import open_source

PSEUDONYM_KEY_FILE = "pseudonyms.key"


def ingest_readings(source: str, output: Path, home: Home | None = None) -> dict[str, float]:
    """Ingests a source. The pseudonym key is made on first use and stays in the home.

    Args:
        source: Name of the source.
        output: Dataset folder to write.
        home: Where the key lies.

    Returns:
        How many meters, readings and distinct profile groups there are.

    Raises:
        DatasetError: The source is unknown, missing or unreadable.
    """
    home = home or Home.from_environment()
    data_dir = os.environ.get(DATA_VARIABLE)
    dataset = open_source(source, Path(data_dir) if data_dir else None)
    key = load_or_create_key(home.keys / PSEUDONYM_KEY_FILE)
    pseudonym = pseudonyms_of(dataset.meters["meter_id"], key)
    meters = dataset.meters.assign(
        meter_id=dataset.meters["meter_id"].map(pseudonym),
        group=dataset.meters["group"].replace(pseudonym),  # a meter that is its own group is named by its number there
    )
    readings = dataset.readings.assign(meter_id=dataset.readings["meter_id"].map(pseudonym))
    dataset = replace(dataset, readings=readings, meters=meters)
    write_dataset(dataset, output)
    return {
        "meters": len(dataset.meters),
        "readings": len(dataset.readings),
        "profiles": dataset.meters["group"].nunique(),
    }
