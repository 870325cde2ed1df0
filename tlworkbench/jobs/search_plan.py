"""Which settings a search tries, in which order, and what it says of them: successive halving over a small grid.

All learning rates are tried for the fewest epochs, the better half of them for the next number, and so on (Jamieson and
Talwalkar, arXiv:1502.07943). Each trial is a run of its own from the model's weights: a schedule that falls to nothing
at the end of two epochs is not the first half of one that falls in four, so none goes on where another one ended.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tlworkbench.jobs.events import Trial
from tlworkbench.jobs.setting_text import text_of
from tlworkbench.jobs.spec import SearchSpec

_AROUND = (1.0, 2.0, 0.5, 5.0, 0.2)
"""Rates tried as multiples of the run's own, the likeliest first."""

METRIC_WORDS = {"macro_f1": "macro-F1", "accuracy": "accuracy", "loss": "loss"}


@dataclass(frozen=True)
class Setting:
    """What one trial tries."""

    learning_rate: float
    epochs: float

    @property
    def words(self) -> str:
        """`2e-5 × 3 epochs`."""
        return f"{text_of(self.learning_rate)} × {self.epochs:g} {'epoch' if self.epochs == 1 else 'epochs'}"


def setting_of(trial: Trial) -> Setting:
    """What was tried."""
    return Setting(trial.learning_rate, trial.epochs)


def rates_of(spec: SearchSpec) -> tuple[float, ...]:
    """The learning rates to try, each once."""
    around = tuple(float(f"{spec.run.learning_rate * times:.6g}") for times in _AROUND)
    return tuple(dict.fromkeys(spec.learning_rates or around))


def rungs_of(spec: SearchSpec) -> tuple[tuple[float, int], ...]:
    """Each number of epochs, the fewest first, with how many rates are tried for it."""
    count, rungs = len(rates_of(spec)), []
    for epochs in sorted(set(spec.epochs)):
        rungs.append((epochs, count))
        count = max(1, math.ceil(count / 2))
    return tuple(rungs)


def planned(spec: SearchSpec) -> int:
    """How many trials there would be with all the time in the world."""
    return sum(count for _, count in rungs_of(spec))


def next_setting(spec: SearchSpec, done: Sequence[Trial]) -> Setting | None:
    """What to try after these trials; None where all has been tried."""
    tried = {setting_of(trial) for trial in done}
    rates: Sequence[float] = rates_of(spec)
    for epochs, count in rungs_of(spec):
        for rate in rates[:count]:
            if Setting(rate, epochs) not in tried:
                return Setting(rate, epochs)
        rung = [trial for trial in done if trial.epochs == epochs]
        rates = [trial.learning_rate for trial in ranked(rung, spec.run.metric) if not trial.lost]
    return None


def ranked(trials: Sequence[Trial], metric: str) -> list[Trial]:
    """The best first; of equals, as few validation rows make them, the one of the lower loss, then the shorter one."""
    return sorted(trials, key=lambda trial: (-trial.figure(metric), trial.loss, trial.epochs))


def best_of(trials: Sequence[Trial], metric: str) -> Trial | None:
    """The best; None where every one was lost."""
    whole = [trial for trial in ranked(trials, metric) if not trial.lost]
    return whole[0] if whole else None


def expected_seconds(setting: Setting, done: Sequence[Trial]) -> float:
    """How long a trial will take, by those before it; 0 where nothing is known."""
    whole = [trial for trial in done if not trial.lost]
    epochs = sum(trial.epochs for trial in whole)
    if not epochs:
        return 0.0
    each = sum(trial.seconds - trial.fixed for trial in whole) / epochs
    return each * setting.epochs + sum(trial.fixed for trial in whole) / len(whole)


def chance(trial: Trial, rows: int) -> float:
    """Standard error of its accuracy on so many validation rows: smaller differences say nothing."""
    return math.sqrt(trial.accuracy * (1 - trial.accuracy) / rows) if rows else 0.0


def told(spec: SearchSpec, done: Sequence[Trial], out_of_time: bool) -> str:
    """What was tried, rung by rung, and what was left: `5 rates for 1 epoch, the best 3 for 2 epochs; …`."""
    parts, left = [], []
    for number, (epochs, count) in enumerate(rungs_of(spec)):
        tried = sum(trial.epochs == epochs for trial in done)
        long = f"{epochs:g} {'epoch' if epochs == 1 else 'epochs'}"
        rates = f"{tried} {'rate' if tried == 1 else 'rates'}"
        if tried:
            parts.append(
                f"{rates} for {long}" if not number else f"the best {tried if tried > 1 else 'one'} for {long}"
            )
        if missing := count - tried:
            left.append(f"{missing} for {long}")
    if not out_of_time or not left:
        return f"tried {', '.join(parts)}" if parts else "tried nothing"
    return f"tried {', '.join(parts) or 'nothing'}; left for lack of time: {', '.join(left)}"
