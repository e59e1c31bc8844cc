"""What a run of the bench has trained so far: a run that was stopped goes on there instead of beginning anew."""

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np

from metrify.cli.bench.forecast.protocol import Protocol
from metrify.config import Home, MetrifyConfig
from metrify.config.code_version import code_version
from metrify.config.schema import ConsumptionForecastingConfig

_DIGITS = 16


class KeptModels:
    """Folders of trainings on the rows of one protocol, by one version of the code.

    Args:
        home: Where they lie.
        protocol: Its readings, origins and weather.
        config: What the rows tell beside their readings.
    """

    def __init__(self, home: Home, protocol: Protocol, config: MetrifyConfig) -> None:
        self._folder = home.checkpoints / f"bench-{_fingerprint(protocol, config)}"

    def of(self, config: ConsumptionForecastingConfig, weather: bool) -> Path:
        """The folder of one training.

        Args:
            config: Of the model.
            weather: Whether it may read the weather.
        """
        text = json.dumps([config.model_dump(mode="json"), weather], sort_keys=True)
        return self._folder / hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]

    def forget(self) -> None:
        """Removes all of it: the run is through, and the next one trains again."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _fingerprint(protocol: Protocol, config: MetrifyConfig) -> str:
    digest = hashlib.sha256()
    told = [protocol.name, asdict(protocol.context), config.feature_engineering.model_dump(mode="json"), code_version()]
    digest.update(json.dumps(told, sort_keys=True).encode())
    origins = [protocol.columns(side) for side in ("train", "validation", "test")]
    arrays = [protocol.matrix.kwh, *origins, protocol.temperature_c]
    for array in arrays:
        if array is not None:
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:_DIGITS]
