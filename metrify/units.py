"""Energy, power and interval lengths. Energy is in kWh per interval and power in kW unless a name says otherwise."""

from metrify.errors import ReadingsError

MINUTES_PER_HOUR = 60
HOURS_PER_DAY = 24
MINUTES_PER_DAY = MINUTES_PER_HOUR * HOURS_PER_DAY

_KWH_PER_UNIT = {"kWh": 1.0, "Wh": 1e-3, "MWh": 1e3}
_KW_PER_UNIT = {"kW": 1.0, "W": 1e-3, "MW": 1e3}
ENERGY_UNITS = tuple(_KWH_PER_UNIT)
UNITS = (*_KWH_PER_UNIT, *_KW_PER_UNIT)


def hours(resolution_minutes: int) -> float:
    """Length of an interval in hours.

    Example:
        >>> hours(15)
        0.25
    """
    return resolution_minutes / MINUTES_PER_HOUR


def intervals_per_day(resolution_minutes: int) -> int:
    """Number of intervals in a day of 24 hours.

    Raises:
        ReadingsError: The resolution does not divide a day.

    Example:
        >>> intervals_per_day(15)
        96
    """
    if resolution_minutes <= 0 or MINUTES_PER_DAY % resolution_minutes:
        raise ReadingsError(
            f"A resolution of {resolution_minutes} minutes does not divide a day.",
            "Use 15, 30 or 60 minutes, or another divisor of 1440.",
        )
    return MINUTES_PER_DAY // resolution_minutes


def kwh_factor(unit: str, resolution_minutes: int) -> float:
    """What a value in `unit`, measured over one interval, is multiplied by to become kWh per interval.

    Args:
        unit: One of `UNITS`. A power is taken as the mean power over the interval.
        resolution_minutes: Length of the interval.

    Raises:
        ReadingsError: The unit is unknown.

    Example:
        >>> kwh_factor("kW", 15), kwh_factor("Wh", 15)
        (0.25, 0.001)
    """
    if unit in _KWH_PER_UNIT:
        return _KWH_PER_UNIT[unit]
    if unit in _KW_PER_UNIT:
        return _KW_PER_UNIT[unit] * hours(resolution_minutes)
    raise ReadingsError(f"Unknown unit {unit!r}.", f"Use one of {', '.join(UNITS)}.")
