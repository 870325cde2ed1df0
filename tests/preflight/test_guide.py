"""What each strategy would take: from what is remembered of this machine, else reckoned, and said so."""

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tlworkbench import paths
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.preflight import speeds
from tlworkbench.preflight.facts import ClassRows, Facts
from tlworkbench.preflight.guide import StrategyGuess, guide
from tlworkbench.preflight.model_size import ModelSize, model_size
from tlworkbench.preflight.speeds import Speed, read_speeds, remember, this_machine
from tlworkbench.preflight.work import PADDING

SIZE = ModelSize(22_700_000, 10_600_000, 384, 6, 36_864, "bert 384x6x1536")
FACTS = Facts(
    model="bundled", classes=(ClassRows("a", 500, 100), ClassRows("b", 500, 100)), train_rows=1000, validation_rows=200,
    steps=96, steps_per_epoch=32, epochs=3.0, rows_a_step=32, tokens=26.0, longest=60, size=SIZE,
)  # fmt: skip
SPEC = TrainSpec(model="bundled")


def speed(**changes: Any) -> Speed:
    known: dict[str, Any] = {
        "machine": this_machine(), "signature": SIZE.signature, "strategy": "full", "precision": "auto",
        "multiplied": SIZE.multiplied, "token_seconds": 1e-3, "scoring_seconds": 2e-4, "fixed_seconds": 10.0,
        "base_bytes": 600_000_000, "token_bytes": 100_000.0,
    }  # fmt: skip
    return Speed(**{**known, **changes})


def told(facts: Facts = FACTS, spec: TrainSpec = SPEC) -> dict[str, StrategyGuess]:
    return {one.strategy: one for one in guide(facts, spec)}


def test_a_run_of_the_same_tells_time_and_memory() -> None:
    remember(speed(whole=True))
    full = told()["full"]
    # 96 steps of 32 rows, and 200 rows measured after each of three epochs and once more at the end.
    assert full.seconds == pytest.approx(10 + (26 + PADDING) * (96 * 32 * 1e-3 + 4 * 200 * 2e-4))
    assert full.memory_bytes == 600_000_000 + 12 * SIZE.parameters + 32 * 60 * 100_000
    assert (full.basis, full.words) == ("run", "about 2 min, 1.1 GB; learns all 22.7 M weights")


def test_of_long_texts_no_more_go_through_at_once_than_the_budget_allows() -> None:
    remember(speed())
    long = msgspec.structs.replace(FACTS, longest=256)
    usual, few = (told(long, TrainSpec(model="bundled", tokens_per_batch=tokens))["full"] for tokens in (0, 512))
    assert usual.memory_bytes - few.memory_bytes == (4096 - 512) * 100_000


def test_the_other_strategies_follow_from_one_that_was_measured() -> None:
    remember(speed())
    by = told()
    assert [one.basis for one in by.values()] == ["trial", "strategy", "strategy"]
    assert by["full"].seconds > by["head"].seconds and by["lora"].seconds > by["head"].seconds
    assert by["full"].memory_bytes > by["lora"].memory_bytes > by["head"].memory_bytes
    assert "which stay" in by["lora"].words and "last layer alone, 770 weights" in by["head"].words


def test_adapters_pay_in_wide_models_and_not_in_narrow_ones() -> None:
    wide = dataclasses.replace(SIZE, width=2048, signature="wide")
    remember(speed())
    remember(speed(signature="wide"))
    narrow, large = (told(msgspec.structs.replace(FACTS, size=size)) for size in (SIZE, wide))
    assert narrow["lora"].seconds > narrow["full"].seconds
    assert large["lora"].seconds < large["full"].seconds


def test_where_nothing_was_ever_tried_it_says_so() -> None:
    full = told()["full"]
    assert full.basis == "nothing" and " to " in full.words and "(never tried here)" in full.words
    assert full.memory_bytes > 4 * 4 * SIZE.parameters


def test_another_model_is_scaled_by_what_a_token_is_multiplied_with() -> None:
    remember(speed(signature="bert 192", multiplied=SIZE.multiplied // 2, fixed_seconds=0.0))
    full = told()["full"]
    assert full.basis == "model" and full.words.startswith("roughly ")
    assert full.seconds == pytest.approx(2 * (26 + PADDING) * (96 * 32 * 1e-3 + 4 * 200 * 2e-4))


def test_another_precision_is_used_only_where_there_is_no_better(monkeypatch: pytest.MonkeyPatch) -> None:
    remember(speed(precision="fp32", token_seconds=5e-3))
    assert told()["full"].seconds > 400
    remember(speed())
    assert told()["full"].seconds < 120


def test_what_a_run_told_outweighs_a_trial_and_other_machines_do_not_count() -> None:
    remember(speed(whole=True))
    remember(speed(token_seconds=9.0))
    remember(speed(machine="a faster one", token_seconds=1e-9))
    assert [one.token_seconds for one in read_speeds()] == [1e-3]
    remember(speed(whole=True, token_seconds=2e-3))
    assert [one.token_seconds for one in read_speeds()] == [2e-3]


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": 99, "speeds": []}', b'{"speeds": [{"machine": 1}]}'])
def test_a_damaged_memory_is_as_good_as_none(content: bytes) -> None:
    paths.cache_dir().mkdir(parents=True)
    (paths.cache_dir() / speeds.FILE_NAME).write_bytes(content)
    assert read_speeds() == ()
    remember(speed())
    assert len(read_speeds()) == 1


def test_a_folder_that_cannot_be_written_is_no_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TLWORKBENCH_HOME", str(tmp_path / "file"))
    remember(speed())
    assert read_speeds() == ()


def test_without_rows_or_model_there_is_nothing_to_tell() -> None:
    assert guide(Facts(model="x"), SPEC) == ()
    assert guide(msgspec.structs.replace(FACTS, size=None), SPEC) == ()


@pytest.mark.parametrize(
    ("config", "multiplied", "adapters"),
    [
        ({"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 2, "intermediate_size": 16}, 1024, 224),
        ({"model_type": "distilbert", "dim": 8, "n_layers": 2, "hidden_dim": 16}, 1024, 224),
        ({"model_type": "gpt2", "n_embd": 8, "n_layer": 2}, 1536, 288),
        ({"model_type": "strange"}, 0, 0),
    ],
)
def test_a_size_is_read_from_the_configuration(
    tmp_path: Path, config: dict[str, Any], multiplied: int, adapters: int
) -> None:
    (tmp_path / "config.json").write_bytes(msgspec.json.encode(config))
    size = model_size(tmp_path)
    assert (size.multiplied, size.adapters) == (multiplied, adapters)
