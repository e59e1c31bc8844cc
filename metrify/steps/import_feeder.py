"""Imports a feeder into the home: its network and profiles, and its elements as a dataset to train forecasters on."""

from pathlib import Path

import holidays

from metrify.config import Home
from metrify.errors import GridError
from metrify.grid.feeder_dataset import feeder_dataset
from metrify.grid.feeder_files import StoredFeeder, write_feeder
from metrify.grid.import_feeder import import_feeder as read_net_with_profiles
from metrify.grid.import_feeder import profile_groups
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE, load_or_create_key
from metrify.readings.dataset import write_dataset
from metrify.steps.import_dataset import check_name
from metrify.steps.ingest_readings import with_pseudonyms
from metrify.steps.lock import dataset_lock


def import_feeder(
    net: Path,
    profiles: Path,
    name: str,
    timezone: str,
    home: Home,
    country: str = "DE",
    licence: str = "not stated",
    citation: str = "not stated",
    replace: bool = False,
) -> StoredFeeder:
    """Writes `feeders/<name>`, and hourly readings of its loads and inverters as the dataset `datasets/<name>`.

    Args:
        net: JSON of pandapower.
        profiles: CSV or Parquet with the profiles of loads and static generators.
        name: Of the feeder and of the dataset.
        timezone: IANA name of the local time.
        home: Where both go.
        country: ISO 3166 code whose public holidays count.
        licence: Under what terms the profiles may be used.
        citation: How to cite them.
        replace: Whether they take the place of a feeder and a dataset of the same name.

    Raises:
        DatasetError: The name can't be one of a dataset.
        GridError: There is one of that name, or the files don't fit.
    """
    check_name(name)
    if country not in holidays.list_supported_countries():
        raise GridError(
            f"No public holidays are known of the country {country!r}.", "Use an ISO 3166 code such as DE or GB."
        )
    taken = [folder for folder in (home.feeders / name, home.datasets / name) if folder.exists()]
    if taken and not replace:
        raise GridError(
            f"There is a {'feeder' if taken[0].parent == home.feeders else 'dataset'} {name!r} already.",
            "Replace it with `--replace`, or choose another name.",
        )
    stored = read_net_with_profiles(net, profiles, name, timezone)
    dataset = feeder_dataset(stored, profile_groups(net), country, licence, citation)
    with dataset_lock(home, name):
        home.feeders.mkdir(parents=True, exist_ok=True)
        write_feeder(home.feeders / name, stored)
        write_dataset(
            with_pseudonyms(dataset, load_or_create_key(home.keys / PSEUDONYM_KEY_FILE)), home.datasets / name
        )
    return stored
