"""Settings as they are typed: what they mean, what is wrong with them, and which of them have a say."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tlworkbench.jobs.no_say import HEARD_BY_HEAD, SILENCES, no_say
from tlworkbench.jobs.setting_text import (
    assignments,
    changed,
    defaults,
    entries,
    fields,
    problems,
    same,
    spec_of,
    text_of,
)
from tlworkbench.jobs.spec import TrainSpec


def test_what_may_stand_in_a_field_is_read_from_its_type() -> None:
    by_name = {one.name: one for one in fields()}
    assert tuple(by_name) == TrainSpec.__struct_fields__
    assert by_name["schedule"].choices == ("linear", "cosine", "constant") and by_name["schedule"].free == ""
    assert by_name["balanced_sampler"].choices == ("true", "false")
    assert (by_name["freeze"].choices, by_name["freeze"].free) == (("none", "embeddings"), "whole")
    assert (by_name["class_weights"].choices, by_name["class_weights"].free) == (("none", "auto"), "table")
    assert by_name["journal_version"].optional and not by_name["seed"].optional
    wanted = {name: by_name[name].wanted for name in ("batch_size", "warmup", "layer_decay", "epochs", "precision")}
    assert wanted == {
        "batch_size": "a whole number from 1",
        "warmup": "a number from 0, below 1",
        "layer_decay": "a number above 0, 1 at most",
        "epochs": "a number above 0",
        "precision": "auto, fp32, bf16 or fp16",
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-4, "1e-4"),
        (3.16e-5, "3.16e-5"),
        (0.1, "0.1"),
        (3.0, "3"),
        (0.0, "0"),
        (True, "true"),
        (None, ""),
        ({"a": 2.0, "so, so": 0.5, "not spam": 1e-5}, 'a = 2, "so, so" = 0.5, not spam = 1e-5'),
    ],
)
def test_values_are_written_as_a_person_does(value: Any, text: str) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize("text", ["", "a", "a = ", "= 2", "a = 1 b = 2", "a = 1,, b = 2", '"a = 1', "a = 1, b"])
def test_what_is_no_table_is_none(text: str) -> None:
    assert entries(text) is None


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1), st.floats(1e-6, 1e6), min_size=1))
def test_a_table_is_read_as_it_was_written(table: dict[str, float]) -> None:
    read = entries(text_of(table))
    assert read is not None
    assert {name: float(weight) for name, weight in read.items()} == {
        name: pytest.approx(weight, rel=1e-5) for name, weight in table.items()
    }


def test_what_was_typed_makes_the_run() -> None:
    typed = {"model": "0007", "epochs": "2.5", "class_weights": '"so, so" = 2, good=0.5', "freeze": "2", "seed": "7"}
    assert spec_of(defaults() | typed) == TrainSpec(
        model="0007", epochs=2.5, class_weights={"so, so": 2.0, "good": 0.5}, freeze=2
    )
    assert assignments({"model": "bundled", "epochs": "3", "journal_version": ""}) == ("model=bundled",)
    assert spec_of(defaults() | {"model": "bundled"}) == TrainSpec(model="bundled")


def test_values_are_checked_by_the_jobs_own_rules() -> None:
    good = defaults() | {"model": "bundled"}
    assert problems(good) == {} and problems(good | {"model": "0007"}) == {}
    wrong = {
        "epochs": "0",
        "batch_size": "2.5",
        "learning_rate": "fast",
        "precision": "fp8",
        "seed": "",
        "model": " ",
        "class_weights": "a = -1",
        "freeze": "0",
    }
    assert problems(good | wrong).keys() == wrong.keys()
    assert problems(good | wrong)["epochs"] == "a number above 0"
    assert spec_of(good | wrong) is None


def test_what_was_changed_is_told_from_what_is_only_written_otherwise() -> None:
    values = defaults() | {"model": "bundled", "epochs": "3.0", "learning_rate": "0.0001", "seed": "8"}
    assert changed(values) == {"seed": "8"}
    assert same("epochs", "3", " 3.00 ") and not same("schedule", "linear", "3")


@pytest.mark.parametrize("silence", SILENCES, ids=lambda silence: silence.reason)
def test_every_rule_names_settings_there_are(silence: Any) -> None:
    assert {silence.other, *silence.settings} <= set(TrainSpec.__struct_fields__)
    value = "?" if silence.unless else silence.values[0]
    assert set(silence.settings) <= no_say(defaults() | {silence.other: value}).keys()


def test_the_head_hears_what_it_hears_and_a_full_run_all_but_what_is_for_others() -> None:
    silent = no_say(defaults() | {"strategy": "head"})
    assert set(TrainSpec.__struct_fields__) - HEARD_BY_HEAD <= set(silent)
    full = no_say(defaults() | {"long_texts": "windows"})
    assert full and all(name.startswith("lora_") for name in full)
    lora = defaults() | {"strategy": "lora", "long_texts": "windows"}
    assert no_say(lora) == {}
    assert no_say(lora | {"steps": "100"}) == {"epochs": "no say while steps is set"}


def test_a_rate_that_stands_in_the_form_is_the_one_that_is_run_whatever_the_strategy_brings() -> None:
    typed = defaults() | {"model": "bundled", "strategy": "lora"}
    spec = spec_of(typed)
    assert spec is not None and (spec.strategy, spec.learning_rate) == ("lora", 1e-4)
