"""Splits rows over the variants of a service, and asks the predictor of each."""

import asyncio
from collections.abc import Mapping, Sequence

import numpy as np

from inference_services.manifest import ServiceManifest
from inference_services.transformer.predictors import Predictors
from inference_services.transformer.watched_file import WatchedFile
from metrify.experiments.assignment import CONTROL, assign


class Variants:
    """The control and its canaries.

    Args:
        manifest: The split.
        predictors: Clients of all variants.
        outputs: Names of what each of them answers with.
    """

    def __init__(self, manifest: WatchedFile[ServiceManifest], predictors: Predictors, outputs: Sequence[str]) -> None:
        self._manifest, self._predictors, self._outputs = manifest, predictors, outputs

    def assign(self, pseudonyms: Sequence[str]) -> np.ndarray:
        """The variant of each meter, `[N]` str; a canary that is not started yet leaves its meters with the control."""
        manifest = self._manifest.value()
        known = {name: name for name in manifest.canary_percent if self._predictors.is_known(name)}
        assigned = assign(pseudonyms, manifest.salt, manifest.canary_percent)
        return np.array([known.get(variant, CONTROL) for variant in assigned], dtype=object)

    async def ask(
        self, variants: np.ndarray, features: Mapping[str, np.ndarray]
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """What each row's variant says.

        Args:
            variants: `[N]`.
            features: Arrays `[N, ...]` by input name.

        Returns:
            Outputs `[N, ...]` by name, and the version of the model that answered, `[N]` str.

        Raises:
            PredictorUnavailableError: A predictor can't be reached, fails, or misses the deadline.
        """
        groups = {name: np.flatnonzero(variants == name) for name in dict.fromkeys(variants)}
        answers = await asyncio.gather(
            *(
                self._predictors.predict(name, {key: array[rows] for key, array in features.items()})
                for name, rows in groups.items()
            )
        )
        size = len(variants)
        first, _ = answers[0]
        outputs = {name: np.empty((size, *first[name].shape[1:]), first[name].dtype) for name in self._outputs}
        versions = np.empty(size, dtype=object)
        for rows, (values, version) in zip(groups.values(), answers, strict=True):
            versions[rows] = version
            for name, array in outputs.items():
                array[rows] = values[name]
        return outputs, versions
