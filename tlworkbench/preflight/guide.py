"""Time and memory of each strategy on this machine, to choose by: remembered where it was measured, else reckoned."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

from tlworkbench.jobs.checkpoint_space import in_bytes
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.preflight.facts import Facts
from tlworkbench.preflight.model_size import ModelSize, learning
from tlworkbench.preflight.speeds import Speed, cores, gpus, read_speeds
from tlworkbench.preflight.words import about
from tlworkbench.preflight.work import Strategy, cost_of, seconds_of, work_of

STRATEGIES: tuple[Strategy, ...] = ("full", "lora", "head")
Basis: TypeAlias = Literal["run", "trial", "strategy", "model", "nothing"]
"""A run of this strategy and model told it, a trial of it, another strategy, another model, or nothing did."""

_ACTIVATIONS: dict[Strategy, float] = {"full": 1.0, "lora": 1.4, "head": 0.1}
"""Memory a token takes, as a multiple of what it takes where all weights learn; adapters keep inputs of their own."""
_TOKEN_BYTES = 72
"""Kept of a token for the backward pass by each layer: some 18 fp32 numbers for each number of a hidden state."""
_PROCESS = 500_000_000
"""Bytes of a process with torch and transformers,"""
_FIXED = 15.0
"""and the seconds it takes to import them, load the model and keep it."""
_CORE = 30e9
_GPU = 20e12
"""Operations a second that training gets out of a core or a GPU, within a factor of `_UNSURE`."""
_UNSURE = 3.0
_LEARNT_BYTES = 12
"""Bytes for each weight that learns: its gradient and AdamW's two moments."""


@dataclass(frozen=True)
class StrategyGuess:
    """What a strategy would take for a run that is to be."""

    strategy: Strategy
    seconds: float
    memory_bytes: int
    words: str
    """`about 4 min, 1.2 GB; learns all 22.7 M weights`."""
    basis: Basis = "nothing"


def guide(facts: Facts, spec: TrainSpec) -> tuple[StrategyGuess, ...]:
    """Time and memory of each strategy for the run that `facts` and `spec` describe; none where rows or model lack.

    Reads what is remembered of this machine; takes a few milliseconds. The time is that of a whole run, loading and
    evaluations counted, early stopping not.
    """
    size = facts.size
    if size is None or not facts.train_rows or not facts.tokens:
        return ()
    known = read_speeds()
    return tuple(_guess(facts, msgspec.structs.replace(spec, strategy=one), size, known) for one in STRATEGIES)


def _guess(facts: Facts, spec: TrainSpec, size: ModelSize, known: Sequence[Speed]) -> StrategyGuess:
    speed, basis = _speed(spec, size, known)
    work = work_of(spec, facts.train_rows, facts.validation_rows, facts.tokens, facts.longest)
    seconds = seconds_of(work, speed)
    changed = learning(spec, size, len(facts.classes))
    memory = int(speed.base_bytes + _LEARNT_BYTES * changed + speed.token_bytes * work.at_once)
    words = f"{_time(seconds, speed.fixed_seconds, basis)}, {in_bytes(memory)}; {_learns(spec, size, changed)}"
    return StrategyGuess(spec.strategy, seconds, memory, words, basis)


def _speed(spec: TrainSpec, size: ModelSize, known: Sequence[Speed]) -> tuple[Speed, Basis]:
    """The best that is known of this strategy with this model, scaled from something else where it was never tried."""
    alike = [one for one in known if one.precision == spec.precision] or list(known)
    same = [one for one in alike if one.signature == size.signature]
    for one in same:
        if one.strategy == spec.strategy:
            return one, "run" if one.whole else "trial"
    if same:
        return _as_strategy(same[0], spec.strategy, size), "strategy"
    if alike and alike[0].multiplied:
        one = alike[0]
        times = size.multiplied / one.multiplied
        scaled = msgspec.structs.replace(
            one,
            token_seconds=one.token_seconds * times,
            scoring_seconds=one.scoring_seconds * times,
            base_bytes=_PROCESS + 4 * size.parameters,
            token_bytes=one.token_bytes * times**0.5,
        )
        return _as_strategy(scaled, spec.strategy, size), "model"
    return _as_strategy(_unknown(size), spec.strategy, size), "nothing"


def _as_strategy(speed: Speed, strategy: Strategy, size: ModelSize) -> Speed:
    before: Strategy = "full" if speed.strategy == "full" else "lora" if speed.strategy == "lora" else "head"
    if before == strategy:
        return speed
    return msgspec.structs.replace(
        speed,
        strategy=strategy,
        token_seconds=speed.token_seconds * cost_of(strategy, size.width) / cost_of(before, size.width),
        scoring_seconds=speed.scoring_seconds or speed.token_seconds / cost_of(before, size.width),
        token_bytes=(speed.token_bytes or _TOKEN_BYTES * size.width * size.layers * _ACTIVATIONS[before])
        * _ACTIVATIONS[strategy]
        / _ACTIVATIONS[before],
    )


def _unknown(size: ModelSize) -> Speed:
    here = gpus()
    speed = _GPU if here else _CORE * cores()
    return Speed(
        machine="",
        signature=size.signature,
        strategy="full",
        precision="auto",
        multiplied=size.multiplied,
        token_seconds=2 * cost_of("full", size.width) * size.multiplied / speed,
        fixed_seconds=_FIXED,
        base_bytes=4 * size.parameters + (0 if here else _PROCESS),
        token_bytes=_TOKEN_BYTES * size.width * size.layers,
    )


def _time(seconds: float, fixed: float, basis: Basis) -> str:
    if basis == "nothing":
        computed = max(0.0, seconds - fixed)
        least, most = fixed / 2 + computed / _UNSURE, fixed * 2 + computed * _UNSURE
        return f"{_bare(least)} to {_bare(most)} (never tried here)"
    return about(seconds).replace("about", "roughly") if basis == "model" else about(seconds)


def _bare(seconds: float) -> str:
    return about(seconds).removeprefix("about ")


def _learns(spec: TrainSpec, size: ModelSize, changed: int) -> str:
    if spec.strategy == "full":
        kept = "" if spec.freeze == "none" else " but the frozen ones"
        return f"learns all {_count(size.parameters)} weights{kept}"
    if spec.strategy == "lora":
        return f"learns {_count(changed)} beside the {_count(size.parameters)} weights, which stay"
    return f"learns the last layer alone, {_count(changed)} weights"


def _count(number: int) -> str:
    """`22.7 M`, `1.2 bn`, `590 000`."""
    if number >= 1e9:
        return f"{number / 1e9:.1f} bn"
    if number >= 1e6:
        return f"{number / 1e6:.1f} M"
    digits = max(0, len(str(number)) - 2)
    return f"{round(number, -digits):,}".replace(",", " ")
