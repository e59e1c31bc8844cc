"""Where a laptop keeps its stores: one folder, `.metrify` unless METRIFY_HOME names another."""

import os
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "METRIFY_HOME"
DATA_VARIABLE = "METRIFY_DATA_DIR"
DATASET_VARIABLE = "METRIFY_DATASET"
DEFAULT_DATASET = "simbench"


@dataclass(frozen=True)
class Home:
    """The folders of one Metrify home. Nothing is created before it is needed."""

    root: Path

    @classmethod
    def from_environment(cls) -> "Home":
        """The home that METRIFY_HOME names, or `.metrify` in the working folder."""
        return cls(Path(os.environ.get(HOME_VARIABLE, ".metrify")).resolve())

    @property
    def datasets(self) -> Path:
        """Dataset folders, one a dataset."""
        return self.root / "datasets"

    @property
    def feeders(self) -> Path:
        """Feeders that were imported, one folder a feeder."""
        return self.root / "feeders"

    @property
    def public_sets(self) -> Path:
        """Copies of public sets that were fetched."""
        return self.root / "public_sets"

    def public_folders(self) -> list[Path]:
        """Where copies of public sets are looked for: the folder of METRIFY_DATA_DIR, then what was fetched."""
        data_dir = os.environ.get(DATA_VARIABLE)
        return [*([Path(data_dir)] if data_dir else []), *([self.public_sets] if self.public_sets.is_dir() else [])]

    @property
    def keys(self) -> Path:
        """Keys made on first use: pseudonyms and bundle signatures."""
        return self.root / "keys"

    @property
    def feature_store(self) -> Path:
        """Feast's registry, online store and offline files."""
        return self.root / "feature_store"

    @property
    def bundles(self) -> Path:
        """Model bundles, `<name>/<version>`."""
        return self.root / "bundles"

    @property
    def services(self) -> Path:
        """InferenceService manifests that are served locally."""
        return self.root / "services"

    @property
    def ab_tests(self) -> Path:
        """Definitions of A/B tests, one file a test."""
        return self.root / "ab_tests"

    @property
    def step_cache(self) -> Path:
        """Outputs of pipeline steps, by the hash of what they were made from."""
        return self.root / "step_cache"

    @property
    def checkpoints(self) -> Path:
        """States of trainings that are under way, one folder a training."""
        return self.root / "checkpoints"

    @property
    def searches(self) -> Path:
        """Trials of searches for training parameters, and the configurations that were found."""
        return self.root / "searches"

    @property
    def runs(self) -> Path:
        """Outputs of local pipeline runs."""
        return self.root / "runs"

    @property
    def locks(self) -> Path:
        """Files that a process holds while it changes a store."""
        return self.root / "locks"

    def tracking_uri(self, configured: str) -> str:
        """MLflow's tracking address; a relative SQLite file lies in the home.

        Example:
            >>> Home(Path("/x")).tracking_uri("sqlite:///mlflow.db")
            'sqlite:////x/mlflow.db'
        """
        prefix = "sqlite:///"
        path = configured.removeprefix(prefix)
        if configured.startswith(prefix) and not path.startswith("/"):
            return f"{prefix}{self.root / path}"
        return configured
