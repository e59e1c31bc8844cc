"""What the champion should reach on each set."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from metrify.cli.bench.forecast.household_protocols import CAMBRIDGE, LONDON
from metrify.cli.bench.forecast.transformer_protocols import ETT


class Target(NamedTuple):
    """A bound of a figure; of both values None where the figure only informs."""

    value: float | None = None
    direction: Literal["<=", ">="] | None = None


def _bounds(wape: float, mase: float, pinball: float, portfolio_wape: float) -> Mapping[str, Target]:
    return {
        "wape": Target(wape, "<="),
        "mase": Target(mase, "<="),
        "pinball": Target(pinball, "<="),
        "cov90": Target(0.88, ">="),
        "cov90_at_most": Target(0.92, "<="),
        "portfolio_wape": Target(portfolio_wape, "<="),
    }


CHAMPION_TARGETS: Mapping[str, Mapping[str, Target]] = {
    LONDON: _bounds(0.385, 0.81, 0.1265, 0.055),
    CAMBRIDGE: _bounds(0.033, 0.525, 0.0107, 0.0145),
    ETT: {"mase": Target(1.20, "<=")},
}
DAY_AHEAD_BY_HOUR = (LONDON, CAMBRIDGE)  # the sets whose windows and horizons the targets of speed are meant for
ROW_MS, WINDOWS_PER_CPU_SECOND = Target(0.5, "<="), Target(10_000, ">=")
