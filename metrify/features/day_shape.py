"""Whether the profile of the last days is that of the days before them, moved by some hours."""

import numpy as np

from metrify.features.batch import FeatureBatch
from metrify.features.compiled import compiled
from metrify.features.judged_day import columns_of_spans, days_by_clock, intervals_per_hour

SPANS_DAYS = (1, 3, 7)
LARGEST_SHIFT_HOURS = 6
SHAPE_COLUMNS = columns_of_spans(("correlation", "moved_correlation", "moved_hours", "gain"), SPANS_DAYS)
_SPANS = np.array(SPANS_DAYS)


def day_shape(batch: FeatureBatch) -> np.ndarray:
    """`[N, 12]` float32: `SHAPE_COLUMNS`.

    For each span that ends with the judged day: the correlation of its mean profile with that of the days before, the
    highest one if it is moved by up to 6 hours, how far it is moved for that (later is positive), and what the moving
    gains. Profiles are of the roots of readings, so that single peaks don't decide. 0 where nothing is measured.

    Raises:
        ConfigError: The windows are no whole days, or too few of them.
    """
    days = days_by_clock(batch)
    out = np.empty((len(days), len(SHAPE_COLUMNS)), np.float32)
    _fill(days, _SPANS, intervals_per_hour(batch), out)
    return out


@compiled
def _fill(days, spans, per_hour, out):  # type: ignore[no-untyped-def]
    count, day = days.shape[1], days.shape[2]
    roots = np.empty((count, day))
    recent, before = np.empty(day), np.empty(day)
    for row in range(len(days)):
        for number in range(count):
            for time in range(day):
                reading = days[row, number, time]
                roots[number, time] = np.sqrt(max(reading, 0.0)) if not np.isnan(reading) else np.nan
        column = 0
        for span in spans:
            _profile(roots[count - span :], recent)
            _profile(roots[: count - span], before)
            unit = np.sqrt((recent * recent).sum() * (before * before).sum())
            still = (recent * before).sum()
            best, moved = still, 0
            for step in range(-LARGEST_SHIFT_HOURS * per_hour, LARGEST_SHIFT_HOURS * per_hour + 1):
                agreement = 0.0
                for time in range(day):
                    agreement += recent[(time + step) % day] * before[time]
                if agreement > best:
                    best, moved = agreement, step
            scale = 1 / unit if unit > 0 else 0.0
            out[row, column], out[row, column + 1] = still * scale, best * scale
            out[row, column + 2], out[row, column + 3] = moved / per_hour, (best - still) * scale
            column += 4


@compiled
def _profile(roots, profile):  # type: ignore[no-untyped-def]
    """The mean of each clock time less that of all; 0 where none was measured."""
    day, whole, measured = len(profile), 0.0, 0
    for time in range(day):
        total, counted = 0.0, 0
        for number in range(len(roots)):
            if not np.isnan(roots[number, time]):
                total += roots[number, time]
                counted += 1
        profile[time] = total / counted if counted else np.nan
        if counted:
            whole += profile[time]
            measured += 1
    for time in range(day):
        profile[time] = profile[time] - whole / measured if not np.isnan(profile[time]) else 0.0
