"""Tokens kept for later runs: what is read back is what the tokenizer gave, and a run never fails of it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import AutoTokenizer

from tests.engine.conftest import messages
from tlworkbench import paths
from tlworkbench.data.keys import content_hashes
from tlworkbench.engine import token_cache
from tlworkbench.engine.texts import TokenisedTexts, tokenise
from tlworkbench.engine.token_cache import tokenise_kept, tokenizer_identity
from tlworkbench.engine.token_files import TokenFiles, append

TEXTS = [text for text in messages(40, 1)[0]] + ["", "refund " * 40, "it is good", "it is good"]


@pytest.fixture(scope="module")
def tokenizer(tiny_bert: Path) -> Any:
    """One that gives token types, which the tiny model's own doesn't."""
    return AutoTokenizer.from_pretrained(tiny_bert, tokenizer_type="bert")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that the tokenizer was asked for."""
    seen: list[str] = []

    def counted(tokenizer: Any, texts: list[str], *others: Any) -> TokenisedTexts:
        seen.extend(texts)
        return tokenise(tokenizer, texts, *others)

    monkeypatch.setattr(token_cache, "tokenise", counted)
    return seen


def kept(tokenizer: Any, texts: list[str], note: Callable[[str], None] = lambda text: None) -> TokenisedTexts:
    return tokenise_kept(tokenizer, texts, 16, lambda done: None, note)


def same(one: TokenisedTexts, other: TokenisedTexts) -> bool:
    assert (one.pad_id, one.pad_left, one.truncated) == (other.pad_id, other.pad_left, other.truncated)
    assert (one.segments is None) == (other.segments is None)
    pairs: list[tuple[Any, Any]] = [(one.ids, other.ids), (one.offsets, other.offsets), (one.cut, other.cut)]
    if one.segments is not None and other.segments is not None:
        pairs.append((one.segments, other.segments))
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


def folder_of(tokenizer: Any) -> Path:
    return paths.cache_dir() / "tokens" / tokenizer_identity(tokenizer, 16)


def test_only_new_texts_are_tokenised(tokenizer: Any, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_cache, "_AT_ONCE", 7)
    wanted = tokenise(tokenizer, TEXTS, 16, lambda done: None)
    assert same(kept(tokenizer, TEXTS[:30]), tokenise(tokenizer, TEXTS[:30], 16, lambda done: None))
    assert asked == TEXTS[:30]
    asked.clear()
    done: list[int] = []
    mixed = [*reversed(TEXTS)]
    again = tokenise_kept(tokenizer, mixed, 16, done.append)
    assert same(again, tokenise(tokenizer, mixed, 16, lambda done: None))
    # A text that occurs twice is asked for once.
    assert sorted(asked) == sorted(set(TEXTS[30:])) and done[0] == 31 and done[-1] == len(TEXTS)
    asked.clear()
    assert same(kept(tokenizer, TEXTS), wanted) and asked == []


def test_another_length_or_tokenizer_has_its_own(tokenizer: Any, asked: list[str], tiny_bert: Path) -> None:
    kept(tokenizer, TEXTS)
    other = AutoTokenizer.from_pretrained(tiny_bert, tokenizer_type="bert")
    assert tokenizer_identity(other, 16) == tokenizer_identity(tokenizer, 16) != tokenizer_identity(tokenizer, 17)
    # What was asked for at the last call is no part of it.
    other("how", truncation=True, max_length=5, padding="max_length")
    assert tokenizer_identity(other, 16) == tokenizer_identity(tokenizer, 16)
    other.add_tokens(["perfectly"])
    asked.clear()
    assert same(kept(other, TEXTS), tokenise(other, TEXTS, 16, lambda done: None)) and len(asked) == len(set(TEXTS))


def cut_ids(folder: Path) -> None:
    os.truncate(folder / "ids.i32", 40)


def changed_id(folder: Path) -> None:
    content = bytearray((folder / "ids.i32").read_bytes())
    content[80] ^= 1
    (folder / "ids.i32").write_bytes(content)


def changed_type(folder: Path) -> None:
    content = bytearray((folder / "types.u8").read_bytes())
    content[33] = 1
    (folder / "types.u8").write_bytes(content)


def swapped_records(folder: Path) -> None:
    content = (folder / "rows.bin").read_bytes()
    (folder / "rows.bin").write_bytes(content[32:64] + content[:32] + content[64:])


def wild_record(folder: Path) -> None:
    content = bytearray((folder / "rows.bin").read_bytes())
    content[-24:-16] = b"\xff" * 8
    (folder / "rows.bin").write_bytes(content)


def no_ids(folder: Path) -> None:
    (folder / "ids.i32").unlink()


@pytest.mark.parametrize("damage", [cut_ids, changed_id, changed_type, swapped_records, wild_record, no_ids])
def test_damaged_files_are_made_anew(tokenizer: Any, asked: list[str], damage: Callable[[Path], None]) -> None:
    wanted = kept(tokenizer, TEXTS)
    damage(folder_of(tokenizer))
    notes: list[str] = []
    assert same(kept(tokenizer, TEXTS, notes.append), wanted)
    assert len(notes) == 1 and "damaged" in notes[0] and "anew" in notes[0]
    asked.clear()
    assert same(kept(tokenizer, TEXTS, notes.append), wanted) and asked == [] and len(notes) == 1


def test_a_write_that_was_cut_off_costs_its_own_texts_alone(tokenizer: Any, asked: list[str]) -> None:
    wanted = kept(tokenizer, TEXTS)
    folder = folder_of(tokenizer)
    os.truncate(folder / "rows.bin", (folder / "rows.bin").stat().st_size - 5)
    asked.clear()
    assert same(kept(tokenizer, TEXTS), wanted) and len(asked) == 1
    assert len(TokenFiles(folder, types=True)) == len(set(TEXTS))


def test_what_another_process_added_meanwhile_is_kept_once(tokenizer: Any) -> None:
    texts = list(dict.fromkeys(TEXTS))
    made = tokenise(tokenizer, texts, 16, lambda done: None)
    for _ in range(2):
        append(folder_of(tokenizer), content_hashes(texts), made)
    assert len(TokenFiles(folder_of(tokenizer), types=True)) == len(texts)
    assert same(kept(tokenizer, texts), made)


def test_those_unused_for_longest_go_first(tokenizer: Any, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    root = paths.cache_dir() / "tokens"
    for name, used in (("old", 1), ("older", 0), ("new", 2)):
        append(root / name, content_hashes(TEXTS[:1]), tokenise(tokenizer, TEXTS[:1], 16, lambda done: None))
        os.utime(root / name / "rows.bin", (used, used))
    each = sum(file.stat().st_size for file in (root / "new").iterdir())
    made = tokenise(tokenizer, ["how"], 16, lambda done: None)
    monkeypatch.setattr(token_cache, "_MOST", 2 * each + made.ids.nbytes + len(made.ids) + 32)
    kept(tokenizer, ["how"])
    assert {path.name for path in root.iterdir()} == {"old", "new", folder_of(tokenizer).name}
    # With no room even then: what is there gives way once, and the texts are right all the same.
    monkeypatch.setattr(token_cache, "_MOST", 1)
    assert same(kept(tokenizer, TEXTS), tokenise(tokenizer, TEXTS, 16, lambda done: None))


def test_a_run_goes_on_without_where_nothing_can_be_kept(tokenizer: Any) -> None:
    paths.cache_dir().mkdir(parents=True, exist_ok=True)
    (paths.cache_dir() / "tokens").write_text("no folder")
    notes: list[str] = []
    assert same(kept(tokenizer, TEXTS, notes.append), tokenise(tokenizer, TEXTS, 16, lambda done: None))
    assert len(notes) == 1


def test_a_second_run_tokenises_nothing(trials: Any, asked: list[str]) -> None:
    trials.train(trials.job(trials.spec(steps=1)))
    assert len(asked) == 150
    trials.train(trials.job(trials.spec(steps=1)))
    assert len(asked) == 150
