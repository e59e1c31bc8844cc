"""Trees of one quantile level, and their place on disk: a training that was killed does not fit them again."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import lightgbm as lgb


@dataclass(frozen=True)
class TreeLevel:
    """The trees of a quantile level, up to the round with the lowest validation loss.

    Attributes:
        model: LightGBM's own text of them.
        losses: `loss` and `val_loss` by round, as networks have them.
    """

    model: str
    losses: dict[str, list[float]]

    @property
    def booster(self) -> lgb.Booster:
        """The trees as LightGBM asks them."""
        return lgb.Booster(model_str=self.model)


def save_level(folder: Path, number: int, level: TreeLevel) -> None:
    """Writes the trees of a level in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".level-{number}.{os.getpid()}"
    try:
        partial.write_text(json.dumps(asdict(level)), encoding="utf-8")
        partial.replace(_path(folder, number))
    finally:
        partial.unlink(missing_ok=True)


def load_level(folder: Path, number: int) -> TreeLevel | None:
    """The trees of a level, or None where they were not written, or not to the end."""
    try:
        return TreeLevel(**json.loads(_path(folder, number).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return None


def _path(folder: Path, number: int) -> Path:
    return folder / f"level-{number}.json"
