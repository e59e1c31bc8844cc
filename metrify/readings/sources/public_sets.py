"""Measured public sets, from local copies in Parquet. They are named here and shipped nowhere."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from metrify.errors import DatasetError
from metrify.readings.dataset import Dataset, DatasetInfo
from metrify.readings.static_values import static_values
from metrify.readings.weather import WEATHER_COLUMNS


@dataclass(frozen=True)
class Collection:
    """Where and by whom readings were collected.

    Attributes:
        timezone: IANA name of the meters' local time.
        country: ISO 3166 code whose public holidays count.
        district: Where the meters are.
        licence: Under what terms the readings may be used.
        citation: How to cite them.
        zeros_are_missing: Whether whoever published them wrote 0 where a reading was missing.
        weather_file: Name of a file of observed weather that may lie beside them.
        meters_file: Name of a file of what is known of the meters, likewise.
        meter_columns: Which of its columns are kept.
    """

    timezone: str
    country: str
    district: str
    licence: str
    citation: str
    zeros_are_missing: bool = False
    weather_file: str | None = None
    meters_file: str | None = None
    meter_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class PublicSet:
    """A public set of readings.

    Attributes:
        name: Its name, and the stem of its file.
        resolution_minutes: Length of an interval.
        collection: Where the readings come from.
        sha256: Of its file.
        meter_column: What the file calls the meter.
        value_column: What the file calls the value.
        kwh_per_value: What a value is multiplied by to become kWh per interval.
    """

    name: str
    resolution_minutes: int
    collection: Collection
    sha256: str
    meter_column: str = "meter_id"
    value_column: str = "kwh"
    kwh_per_value: float = 1.0

    @property
    def file(self) -> str:
        """Name of its file."""
        return f"{self.name}.parquet"


_LONDON = Collection(
    "Europe/London",
    "GB",
    "London",
    licence="London Datastore terms",
    citation="UK Power Networks, SmartMeter Energy Consumption Data in London Households",
    weather_file="weather_bedford_hourly.parquet",  # about 75 km away
    meters_file="london_meters.parquet",
    meter_columns=("tariff", "acorn", "acorn_group"),
)
_CAMBRIDGE = Collection(
    "Europe/London",
    "GB",
    "Cambridge",
    licence="MIT",
    citation="Langtry and Choudhary 2024, doi 10.5281/zenodo.10955332",
    zeros_are_missing=True,
    weather_file="weather_bedford_hourly.parquet",
)
_OPENSTEF = Collection("Europe/Amsterdam", "NL", "Netherlands", licence="MPL-2.0", citation="OpenSTEF offline example")
PUBLIC_SETS = (
    PublicSet("london_hourly_2013", 60, _LONDON, "e1dcc4961328b5c8d46eadd48ed3a1fc70aca8a9a757316a1de9ab28cf228c8a"),
    PublicSet(
        "london_halfhourly_2013", 30, _LONDON, "f7c798fd553837092c40cdbfed64765e3f0257da4413fba9c699c1aad46ae3c7"
    ),
    PublicSet(
        "cambridge_electricity_hourly",
        60,
        _CAMBRIDGE,
        "04af2de21c4eae35042a534a42da359031fe0d7a4a45d6104ec4aee64dc71f45",
    ),
    PublicSet(
        "cambridge_gas_hourly", 60, _CAMBRIDGE, "72e106a23bf6d4d35af9422a63c3753fe60962cac0a28dee9ffd6e8eb845fe68"
    ),
    PublicSet(
        "openstef_substations_15min",
        15,
        _OPENSTEF,
        "088bdb99d2a170e1fbe5edb222ad2e3e5ac1e6d6f5542b0cc8020c0c6c5efc55",
        meter_column="substation",
        value_column="net_load_mw",
        kwh_per_value=250.0,  # mean MW of a quarter of an hour
    ),
)
_BY_NAME = {public.name: public for public in PUBLIC_SETS}
_WEATHER_NAMES = {
    "station": "station_id",
    "temp_c": "temperature_c",
    "rel_humidity_pct": "relative_humidity_pct",
    "global_irradiance_wm2": "global_radiation_w_per_m2",
}


def find_public_set(name: str) -> PublicSet | None:
    """The public set of a name; None where there is none."""
    return _BY_NAME.get(name)


def locate_public_set(public: PublicSet, folders: list[Path]) -> Path:
    """The file of a public set.

    Args:
        public: The set.
        folders: Where to look, in this order.

    Raises:
        DatasetError: No folder has the file.
    """
    for folder in folders:
        if (folder / public.file).is_file():
            return folder / public.file
    looked = f"There is no file {public.file} in {' or '.join(map(str, folders))}." if folders else ""
    raise DatasetError(
        looked or f"The dataset {public.name} is not shipped.",
        f"Set METRIFY_DATA_DIR to the folder that holds {public.file}, or bring it with `metrify data fetch`.",
    )


def read_public_set(public: PublicSet, path: Path) -> Dataset:
    """Reads a public set, and the weather and what is known of its meters beside it if they are there.

    Args:
        public: The set.
        path: Its Parquet file: a meter, `timestamp` (UTC, start of the interval) and a value.

    Raises:
        DatasetError: A file is unreadable.
    """
    frame = _read(path, [public.meter_column, "timestamp", public.value_column])
    readings = pd.DataFrame(
        {
            "meter_id": frame[public.meter_column].astype(str),
            "timestamp": pd.to_datetime(frame["timestamp"], utc=True).dt.as_unit("us"),
            "kwh": (frame[public.value_column] * public.kwh_per_value).astype(np.float32),
        }
    )
    readings = readings[np.isfinite(readings["kwh"])].reset_index(drop=True)
    numbers = readings["meter_id"].unique()
    info = DatasetInfo(
        name=public.name,
        resolution_minutes=public.resolution_minutes,
        timezone=public.collection.timezone,
        country=public.collection.country,
        licence=public.collection.licence,
        citation=public.collection.citation,
        zeros_are_missing=public.collection.zeros_are_missing,
    )
    meters = pd.DataFrame({"meter_id": numbers, "group": numbers, "district": public.collection.district})
    meters = _with_columns(meters, path, public.collection)
    return Dataset(info, readings, meters, _weather_beside(path, public.collection.weather_file))


def _with_columns(meters: pd.DataFrame, path: Path, collection: Collection) -> pd.DataFrame:
    """The meters with what a file beside the readings says of them; empty where it says nothing."""
    if collection.meters_file is None or not (path.parent / collection.meters_file).is_file():
        return meters
    listed = _read(path.parent / collection.meters_file, ["meter_id", *collection.meter_columns])
    known = listed.assign(meter_id=listed["meter_id"].astype(str))
    return meters.assign(
        **static_values(collection.district, known, collection.meter_columns, meters["meter_id"].to_numpy())
    )


def _weather_beside(path: Path, file: str | None) -> pd.DataFrame | None:
    """Observed weather of the place: nobody issued it before it happened."""
    if file is None or not (path.parent / file).is_file():
        return None
    weather = _read(path.parent / file, None).rename(columns=_WEATHER_NAMES)
    weather["timestamp"] = pd.to_datetime(weather["timestamp"], utc=True).dt.as_unit("us")
    weather["issued_at"] = pd.Series(pd.NaT, index=weather.index, dtype="datetime64[us, UTC]")
    quantities = [name for name in weather.columns if name not in WEATHER_COLUMNS]
    return weather[[*WEATHER_COLUMNS, *quantities]]


def _read(path: Path, columns: list[str] | None) -> pd.DataFrame:
    try:
        return pd.read_parquet(path, columns=columns)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} can't be read as Parquet: {error}.", "Fetch it again.") from error
