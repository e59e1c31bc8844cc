"""The trials of a search, in an SQLite file: a search that is killed goes on, and several processes share one."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, Trial, TrialState

from metrify.config.search_space import SearchRange, SearchSpace
from metrify.steps.lock import locked, locked_if_free

_FILE = "trials.db"
_RANDOM_TRIALS = 8  # before the sampler learns from them
_UNPRUNED_TRIALS = 4  # before a trial is compared with the median
_STARTED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)


class TrialStoppedError(Exception):
    """The trial is worse than the median of the others at the same epoch."""


@dataclass(frozen=True)
class ClaimedTrial:
    """A trial that this process runs.

    Attributes:
        number: From 0, over all processes.
        parameters: What it tries.
    """

    number: int
    parameters: dict[str, Any]
    _trial: Trial

    def report(self, step: int, loss: float) -> None:
        """Tells the loss after a step.

        Raises:
            TrialStoppedError: It is not worth going on.
        """
        self._trial.report(loss, step)
        if self._trial.should_prune():
            raise TrialStoppedError


class SearchStudy:
    """The trials of a search by Tree-structured Parzen Estimators.

    Bergstra, Bardenet, Bengio and Kegl 2011, Algorithms for Hyper-Parameter Optimization, NeurIPS 24. A trial whose
    loss is above the median of the trials before it at the same epoch is stopped.

    Args:
        folder: Where the file and its locks lie, on this machine.
        name: Of the search; one of that name is gone on with.
        space: What is tried.
        seed: With it, a search by one process at a time tries the same values whenever it is run.
    """

    def __init__(self, folder: Path, name: str, space: SearchSpace, seed: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._folder, self._name, self._seed = folder, name, seed
        self._space = {key: _distribution(tried) for key, tried in space.items()}
        with locked(self._lock("study")):  # two processes can't make the tables at once
            self._study = optuna.create_study(
                storage=f"sqlite:///{folder / _FILE}",
                study_name=name,
                pruner=optuna.pruners.MedianPruner(n_startup_trials=_UNPRUNED_TRIALS),
                load_if_exists=True,
            )

    @contextmanager
    def claim(self, trials: int) -> Iterator[ClaimedTrial | None]:
        """A trial to run, unless so many were run or are being run; it is given back by `finish` or `stop`.

        Where the process ends before that, another one takes the trial up.

        Args:
            trials: How many there are to be in all.
        """
        with ExitStack() as held:
            with locked(self._lock("study")):
                trial = self._ask(trials)
                if trial is not None:
                    held.enter_context(locked(self._lock(trial.number)))
            yield None if trial is None else ClaimedTrial(trial.number, trial.params, trial)

    def finish(self, trial: ClaimedTrial, loss: float) -> None:
        """Notes the loss of a trial."""
        self._study.tell(trial.number, loss)

    def stop(self, trial: ClaimedTrial) -> None:
        """Notes that a trial was not worth going on with."""
        self._study.tell(trial.number, state=TrialState.PRUNED)

    @property
    def done(self) -> int:
        """How many trials have ended."""
        return len(self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED)))

    @property
    def best(self) -> tuple[dict[str, Any], float]:
        """The parameters with the lowest loss, and the loss; the earliest of equals."""
        return self._study.best_params, self._study.best_value

    def _ask(self, trials: int) -> Trial | None:
        self._take_up_abandoned()
        started = len(self._study.get_trials(deepcopy=False, states=_STARTED))
        if started >= trials:
            return None
        # A seed of its own for each trial: what was drawn before a kill is not drawn again.
        self._study.sampler = optuna.samplers.TPESampler(seed=self._seed + started, n_startup_trials=_RANDOM_TRIALS)
        return self._study.ask(self._space)

    def _take_up_abandoned(self) -> None:
        for trial in self._running():
            with locked_if_free(self._lock(trial.number)) as is_free:
                # One that has just ended is free, too.
                if is_free and trial.number in [other.number for other in self._running()]:
                    self._study.tell(trial.number, state=TrialState.FAIL)
                    self._study.enqueue_trial(trial.params)

    def _running(self) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))

    def _lock(self, what: object) -> Path:
        return self._folder / f".{self._name}-{what}.lock"


def _distribution(tried: SearchRange | tuple[int | float | str, ...]) -> BaseDistribution:
    if not isinstance(tried, SearchRange):
        return CategoricalDistribution(tried)
    if tried.is_whole:
        return IntDistribution(int(tried.low), int(tried.high), log=tried.log)
    return FloatDistribution(tried.low, tried.high, log=tried.log)
