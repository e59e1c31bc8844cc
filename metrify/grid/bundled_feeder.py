"""The feeder of a bundle: its prices, who decides when it is served, and what its loads usually draw."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from metrify.bundles.load import Bundle
from metrify.errors import BundleError
from metrify.grid.feeder import Feeder
from metrify.grid.feeder_json import feeder_from_json
from metrify.grid.tariff import Tariff

GRID_SECTION = "grid"  # of a bundle's thresholds
_IN_KW = ("battery", "curtailed", "shifted")  # parts of an action that are set in kW
_MEND = "Train it again: `metrify train --models grid`."


@dataclass(frozen=True, eq=False)
class BundledFeeder:
    """What a bundle of a controller says.

    Attributes:
        version: Of the bundle.
        feeder: What is connected.
        timezone: IANA name of the local time.
        tariff: Prices that it was trained with.
        controller: Who decides: `learnt` or `model_predictive`.
        kvar_per_kw: `[L]` that loads usually draw of reactive power.
        minutes: Of the steps that it has learnt from.
        policy: The ONNX file.
        elements: What is set in kW, such as `battery/<name>`, in the order of the bundle's labels.
    """

    version: str
    feeder: Feeder
    timezone: str
    tariff: Tariff
    controller: str
    kvar_per_kw: np.ndarray
    minutes: int
    policy: Path
    elements: tuple[str, ...]

    @property
    def name(self) -> str:
        """Of the feeder."""
        return self.feeder.network.name


def read_bundled_feeder(bundle: Bundle) -> BundledFeeder:
    """Reads the feeder of a verified bundle.

    Raises:
        BundleError: It holds none, or not what serving needs to know of it.
        GridError: The text of the feeder is damaged.
    """
    text, manifest = bundle.feeder_text(), bundle.manifest
    if text is None:
        raise BundleError(f"The bundle {bundle.folder} holds no feeder.", _MEND)
    feeder, timezone = feeder_from_json(text)
    section: dict[str, Any] = bundle.thresholds().get(GRID_SECTION, {})
    absent = [key for key in ("controller", "tariff", "kvar_per_kw") if key not in section]
    if absent:
        raise BundleError(f"The bundle {bundle.folder} does not say {', '.join(absent)} of its feeder.", _MEND)
    kvar_per_kw = np.array(section["kvar_per_kw"], float)
    if kvar_per_kw.shape != (len(feeder.load_names),):
        raise BundleError(f"The bundle {bundle.folder} has {kvar_per_kw.size} loads, and its feeder others.", _MEND)
    labels = (label for tensor in manifest.outputs for label in tensor.labels)
    return BundledFeeder(
        manifest.version,
        feeder,
        timezone,
        Tariff(**section["tariff"]),
        section["controller"],
        kvar_per_kw,
        manifest.resolution_minutes,
        bundle.model_path,
        tuple(label for label in labels if label.partition("/")[0] in _IN_KW and "/" in label),
    )
