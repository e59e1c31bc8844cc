"""Whether a detector tells right what an event is, and an empty home from a fault."""

from collections import Counter

import numpy as np

from metrify.anomaly.kinds import Kind
from metrify.cli.bench.anomaly.outcome import Outcome

_KINDS = [kind.value for kind in Kind]


def kind_accuracy(outcome: Outcome) -> float | None:
    """Share of the found events of a known kind whose anomalous days are mostly taken for what they are.

    None where no event of a known kind was found: labels may be of others, or of none.
    """
    right = []
    for fold in outcome.folds:
        assert fold.kinds is not None
        events = fold.events
        for meter, begin, end, kind in zip(events.meters, events.begins, events.ends, events.kinds, strict=True):
            called = fold.anomalous[meter, begin:end]
            if called.any() and kind in _KINDS:
                guesses = Counter(fold.kinds[meter, begin:end][called])
                right.append(guesses.most_common(1)[0][0] == kind)
    return float(np.mean(right)) if right else None


def vacancies_told(outcome: Outcome) -> tuple[float, float]:
    """Share of vacancies of which a day is called anomalous, and of their days whose likeliest kind is vacancy."""
    called, told = [], []
    for fold in outcome.folds:
        assert fold.vacant is not None and fold.vacant_scores is not None and fold.vacant_kinds is not None
        vacant = fold.vacant
        for meter, begin, end in zip(vacant.meters, vacant.begins, vacant.ends, strict=True):
            called.append(bool((fold.vacant_scores[meter, begin:end] > fold.threshold).any()))
            told.append(fold.vacant_kinds[meter, begin:end] == _KINDS.index(Kind.VACANCY.value))
    return float(np.mean(called)), float(np.concatenate(told).mean())
