"""Judges the readings, days and meters of a dataset."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from metrify.config import Home, MetrifyConfig
from metrify.errors import DatasetError
from metrify.readings.dataset import READINGS_FILE, read_dataset, read_info
from metrify.readings.quality.days import VERDICTS
from metrify.readings.quality.judge import examine_readings, judge_readings
from metrify.readings.quality.releases import RELEASES_FILE, read_releases
from metrify.readings.quality.tables import QualityVerdicts, write_verdicts
from metrify.steps.reuse import NETWORK_PARAMETERS, SERVING_SECTIONS, reusable


def validate_readings(
    dataset: Path,
    output: Path,
    config: MetrifyConfig,
    home: Home | None = None,
    now: pd.Timestamp | None = None,
    needs_accepted: bool = True,
) -> dict[str, float]:
    """Writes the verdicts: which readings are in quarantine, and how good each day and each meter is without them.

    Args:
        dataset: Dataset folder. The releases that lie in it, or those that the home keeps for a dataset of its name,
            let readings out of quarantine.
        output: Folder to write: `meters.parquet`, `days.parquet` and `quarantine.parquet`, see `QualityVerdicts`.
        config: Thresholds, and which faults keep a reading out.
        home: Where results of earlier runs and releases are kept.
        now: UTC; readings that end later are of the future. The clock without it.
        needs_accepted: Whether there is nothing to be done without a meter that is good enough to train on.

    Returns:
        How many meters were accepted, are new and were rejected, how many readings each reason keeps in quarantine, how
        many were released, and how many days are good, suspect and bad.

    Raises:
        DatasetError: The readings break their contract, or no meter is good enough and one is needed.
    """
    home = home or Home.from_environment()
    judged_at = _judged_at(dataset, pd.Timestamp.now("UTC") if now is None else now)
    figures = _validate(dataset, output, config, judged_at, _releases_file(dataset, home), home)
    if needs_accepted and not figures["accepted"]:
        raise DatasetError(
            "No meter is good enough to train on.",
            "Look at the reasons with `metrify data quality`, or relax the quality section.",
        )
    return figures


@reusable(outputs=("output",), ignores=(*SERVING_SECTIONS, *NETWORK_PARAMETERS))
def _validate(
    dataset: Path, output: Path, config: MetrifyConfig, judged_at: str, releases: Path | None, home: Home
) -> dict[str, float]:
    examined = examine_readings(read_dataset(dataset), pd.Timestamp(judged_at), config.quality)
    verdicts = judge_readings(examined, read_releases(releases.parent if releases else dataset), config.quality)
    write_verdicts(verdicts, output)
    return count_verdicts(verdicts)


def count_verdicts(verdicts: QualityVerdicts) -> dict[str, float]:
    """The figures that `validate_readings` returns."""
    accepted, new = (int(verdicts.meters[kind].sum()) for kind in ("accepted", "is_new"))
    released = verdicts.quarantine["released"]
    reasons = verdicts.quarantine.loc[~released, "reason"].value_counts()
    days = verdicts.days["verdict"].value_counts()
    return {
        "accepted": accepted,
        "new": new,
        "rejected": len(verdicts.meters) - accepted - new,
        "quarantined": int((~released).sum()),
        **{f"quarantined_{reason}": int(count) for reason, count in sorted(reasons.items())},
        "released": int(released.sum()),
        **{f"{verdict}_days": int(days.get(verdict, 0)) for verdict in VERDICTS},
    }


def _releases_file(dataset: Path, home: Home) -> Path | None:
    """Where the releases are: an imported dataset brings them, the home has those of a built-in one."""
    places = (folder / RELEASES_FILE for folder in (dataset, home.datasets / read_info(dataset).name))
    return next((path for path in places if path.is_file()), None)


def _judged_at(dataset: Path, now: pd.Timestamp) -> str:
    """The moment that the verdicts depend on, RFC 3339.

    Any moment after the last interval gives the same verdicts, and so does any moment within one interval. A result is
    reused as long as this text is the same: always, unless readings are of the future.
    """
    info = read_info(dataset)
    stamps = pq.read_table(dataset / READINGS_FILE, columns=["timestamp"])["timestamp"].to_pandas()
    end = stamps.max() + pd.Timedelta(minutes=info.resolution_minutes)
    return (end if end <= now else now.floor(f"{info.resolution_minutes}min")).isoformat()
