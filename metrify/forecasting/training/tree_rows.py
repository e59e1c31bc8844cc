"""What trees are fitted to: a row for each measured interval, of which one block at a time is in memory."""

import lightgbm as lgb
import numpy as np

from metrify.errors import ForecastError
from metrify.forecasting.onnx_model import OnnxModel
from metrify.forecasting.training.rows import RowSource
from metrify.forecasting.training.tree_columns import MIDDLE_KWH, SIZE_KWH, UNREAD

_BLOCK_WINDOWS = 256


class TreeRows(lgb.Sequence):
    """The columns of each measured interval, computed block by block from the windows.

    Args:
        source: Windows and their targets.
        columns: Computes what `build_columns` describes.

    Attributes:
        targets: `[M]` float32, how far each load lies from the usual one, over the window's size.
        weights: `[M]` float32; with them the sum of these targets' losses is the one that networks minimise.

    Raises:
        ForecastError: No interval was measured.
    """

    batch_size = 8_192

    def __init__(self, source: RowSource, columns: OnnxModel) -> None:
        self._source, self._columns = source, columns
        self._held: tuple[int, np.ndarray] = (-1, np.empty(0, np.float32))
        parts = [self._measure(block) for block in range(-(-len(source) // _BLOCK_WINDOWS))]
        self._starts = np.cumsum([0] + [len(targets) for targets, _ in parts])
        if not self._starts[-1]:
            raise ForecastError("No interval of the rows was measured.", "Give rows with targets.")
        self.targets, self.weights = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, index: int | slice | list[int]) -> np.ndarray:
        """Rows of the table, `[B, F]` float32; one alone is `[F]` float64, as LightGBM samples them."""
        numbers = np.arange(*index.indices(len(self))) if isinstance(index, slice) else np.atleast_1d(index)
        blocks = np.searchsorted(self._starts, numbers, side="right") - 1
        parts = [self._table(block)[numbers[blocks == block] - self._starts[block]] for block in np.unique(blocks)]
        return np.concatenate(parts) if isinstance(index, slice | list) else parts[0][0].astype(np.float64)

    def _table(self, block: int) -> np.ndarray:
        """The measured rows of a block, `[m, F]`."""
        if block != self._held[0]:
            columns, _, _ = self._compute(block)
            self._held = (block, columns[:, :-UNREAD])
        return self._held[1]

    def _measure(self, block: int) -> tuple[np.ndarray, np.ndarray]:
        columns, target_kwh, weights = self._compute(block)
        size = columns[:, SIZE_KWH]
        return (target_kwh - columns[:, MIDDLE_KWH]) / size, weights * size

    def _compute(self, block: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Columns, targets and weights of a block's measured intervals; those of a window share the window's weight."""
        first = block * _BLOCK_WINDOWS
        rows = self._source.take(np.arange(first, min(first + _BLOCK_WINDOWS, len(self._source))))
        measured = np.isfinite(rows.target_kwh)
        shared = rows.weights / np.maximum(measured.sum(axis=1), 1)
        weights = np.broadcast_to(shared[:, None], measured.shape)
        return self._columns.predict(rows.features)[measured], rows.target_kwh[measured], weights[measured]
