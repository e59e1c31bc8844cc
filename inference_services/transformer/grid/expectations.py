"""What is expected of a feeder now: its forecast, or else its newest measured day, which is told."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from inference_services.executor import BoundedExecutor
from inference_services.transformer.drift_monitor import DriftState
from inference_services.transformer.grid.forecaster import MeterForecaster
from inference_services.transformer.grid.measured_day import newest_day
from inference_services.transformer.windows import WindowReader
from metrify.errors import FeatureStoreError, InvalidRequestError, MetrifyError, RefusedMetersError, ServiceError
from metrify.grid.expected_hours import ExpectedHours, element_meters, expect_hours
from metrify.grid.feeder import Feeder

_WORKERS, _MAX_PENDING = 2, 256


@dataclass(frozen=True, eq=False)
class Expectation:
    """What a plan is made for.

    Attributes:
        hours: From the end of the newest readings on.
        is_known: Whether they are a forecast; a rule decides where not.
        degraded_reason: What was missing, or what the forecast lacks; empty where that is nothing.
        data_version: See `ForecastHours`.
        drift: Of the feeder's readings, as the forecaster says; still collecting where it says nothing.
    """

    hours: ExpectedHours
    is_known: bool
    degraded_reason: str
    data_version: int
    drift: DriftState


class Expectations:
    """Finds what is expected of one feeder.

    Args:
        feeder: What is connected.
        forecaster: Of its meters.
        open_reader: Opens the feature store, which is needed only where there is no forecast.
        pseudonym: From the name of a meter to what the stores call it.
    """

    def __init__(
        self,
        feeder: Feeder,
        forecaster: MeterForecaster,
        open_reader: Callable[[], WindowReader],
        pseudonym: Callable[[str], str],
    ) -> None:
        self._feeder, self._forecaster, self._open = feeder, forecaster, open_reader
        self._meters = element_meters(feeder)
        self._pseudonyms = [pseudonym(meter) for meter in self._meters]
        self._executor = BoundedExecutor(_WORKERS, _MAX_PENDING, "forecasts")
        self._reader: WindowReader | None = None

    async def find(self) -> Expectation:
        """The forecast, or the newest measured day where there is none.

        Raises:
            ServiceError: The forecaster can't be asked, and the day can't be read either.
            MetrifyError: The forecaster refuses a meter, and the day can't be read either.
        """
        try:
            found = await self._executor.run(self._forecaster.forecast, self._pseudonyms)
        except (ServiceError, InvalidRequestError) as error:
            return await self._measured(error)
        hours = expect_hours(self._feeder, found.start, found.kwh)
        return Expectation(hours, True, found.faults, found.data_version, found.drift)

    async def _measured(self, missing: MetrifyError) -> Expectation:
        try:
            if self._reader is None:
                self._reader = await self._executor.run(self._open)
            found = await self._reader.read(self._pseudonyms)
            start, day = newest_day(self._meters, found)
        except (FeatureStoreError, RefusedMetersError) as error:
            raise _unexpected(self._feeder.network.name, missing, error) from error
        hours = expect_hours(self._feeder, start, day)
        reason = f"there is no forecast, so a rule goes by the newest day that was measured: {_told(missing)}"
        return Expectation(hours, False, reason, int(np.min(found.data_versions)), DriftState())


def _unexpected(name: str, missing: MetrifyError, error: MetrifyError) -> MetrifyError:
    """The status is that of the forecaster's answer, or of its absence."""
    problem = f"Nothing is known of {name}: {_told(missing)}. {error.problem}"
    if isinstance(missing, InvalidRequestError) and isinstance(error, RefusedMetersError):
        return type(error)(problem, error.meters, error.mend)
    return ServiceError(problem, "Start the load-forecaster of the feeder's dataset, or fill the feature store.")


def _told(missing: MetrifyError) -> str:
    return missing.problem.rstrip(".")
