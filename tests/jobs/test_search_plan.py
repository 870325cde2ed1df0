"""Which settings a search tries, in which order, and what it says of them."""

from collections.abc import Callable

import pytest

from tlworkbench.jobs.events import Trial
from tlworkbench.jobs.search_plan import (
    Setting,
    best_of,
    chance,
    expected_seconds,
    next_setting,
    planned,
    ranked,
    rates_of,
    rungs_of,
    told,
)
from tlworkbench.jobs.spec import SearchSpec, TrainSpec

SPEC = SearchSpec(run=TrainSpec(model="bundled"))


def tried(spec: SearchSpec, score: Callable[[Setting], float], most: int = 100) -> list[Trial]:
    """The trials of a search in which settings have these scores."""
    done: list[Trial] = []
    while len(done) < most and (setting := next_setting(spec, done)) is not None:
        done.append(Trial(learning_rate=setting.learning_rate, epochs=setting.epochs, macro_f1=score(setting)))
    return done


def test_rates_lie_around_the_runs_own_which_comes_first() -> None:
    assert rates_of(SPEC) == (1e-4, 2e-4, 5e-5, 5e-4, 2e-5)
    given = SearchSpec(run=SPEC.run, learning_rates=(3e-5, 1e-5, 3e-5))
    assert rates_of(given) == (3e-5, 1e-5)


def test_all_rates_are_tried_for_the_fewest_epochs_and_the_better_half_for_more() -> None:
    assert rungs_of(SPEC) == ((1.0, 5), (2.0, 3), (4.0, 2)) and planned(SPEC) == 10
    done = tried(SPEC, lambda setting: setting.learning_rate * setting.epochs)
    assert [trial.learning_rate for trial in done[:5]] == list(rates_of(SPEC))
    assert [(trial.learning_rate, trial.epochs) for trial in done[5:]] == [
        (5e-4, 2.0), (2e-4, 2.0), (1e-4, 2.0), (5e-4, 4.0), (2e-4, 4.0),
    ]  # fmt: skip
    best = best_of(done, "macro_f1")
    assert best is not None and (best.learning_rate, best.epochs) == (5e-4, 4.0)


def test_a_search_goes_on_where_it_was_whenever_it_ended() -> None:
    whole = tried(SPEC, lambda setting: setting.learning_rate)
    for count in range(len(whole)):
        following = next_setting(SPEC, whole[:count])
        assert following == Setting(whole[count].learning_rate, whole[count].epochs)


def test_rates_that_lose_the_loss_are_not_tried_again() -> None:
    done = [Trial(learning_rate=rate, epochs=1.0, lost="NaN") for rate in rates_of(SPEC)[:3]]
    done += [Trial(learning_rate=rate, epochs=1.0, macro_f1=rate) for rate in rates_of(SPEC)[3:]]
    assert next_setting(SPEC, done) == Setting(5e-4, 2.0)
    assert ranked(done, "macro_f1")[-1].lost and best_of(done[:3], "macro_f1") is None
    whole = [*done, *(Trial(learning_rate=rate, epochs=2.0, macro_f1=rate) for rate in (5e-4, 2e-5))]
    assert next_setting(SPEC, whole) == Setting(5e-4, 4.0)
    lost = [Trial(learning_rate=rate, epochs=1.0, lost="NaN") for rate in rates_of(SPEC)]
    assert next_setting(SPEC, lost) is None


def test_the_lower_loss_is_better_also_among_equals_and_then_the_shorter_run() -> None:
    one, two = Trial(learning_rate=1e-4, epochs=2, loss=0.5), Trial(learning_rate=2e-4, epochs=1, loss=0.6)
    assert best_of([two, one], "loss") == one and best_of([two, one], "accuracy") == one
    short = Trial(learning_rate=2e-4, epochs=1, loss=0.5)
    assert best_of([one, short], "accuracy") == short
    better = Trial(learning_rate=2e-4, epochs=1, loss=0.9, accuracy=0.5)
    assert best_of([one, better], "accuracy") == better and best_of([one, better], "macro_f1") == one


def test_time_is_told_from_the_trials_before() -> None:
    assert expected_seconds(Setting(1e-4, 2), []) == 0
    done = [Trial(learning_rate=1e-4, epochs=1, seconds=12, fixed=2), Trial(learning_rate=2e-4, epochs=1, lost="NaN")]
    assert expected_seconds(Setting(1e-4, 4), done) == pytest.approx(42)


def test_what_was_tried_and_what_was_left_is_told_in_words() -> None:
    done = tried(SPEC, lambda setting: 0.5)
    assert told(SPEC, done, False) == "tried 5 rates for 1 epoch, the best 3 for 2 epochs, the best 2 for 4 epochs"
    assert told(SPEC, done[:6], True) == (
        "tried 5 rates for 1 epoch, the best one for 2 epochs; left for lack of time: 2 for 2 epochs, 2 for 4 epochs"
    )
    assert told(SPEC, [], False) == "tried nothing"


def test_chance_shrinks_with_the_rows() -> None:
    trial = Trial(learning_rate=1e-4, epochs=1, accuracy=0.5)
    assert chance(trial, 100) == pytest.approx(0.05) and chance(trial, 400) == pytest.approx(0.025)
    assert chance(trial, 0) == 0
