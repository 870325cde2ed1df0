"""Which rows are for training, which for validation, and that they stay there."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tlworkbench.data.rows import Rows


def _write(path: Path, texts: list[str], labels: str = "ab") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"text": text, "label": labels[n % len(labels)]}) for n, text in enumerate(texts)]
    path.write_text("\n".join(lines) + "\n")


def _splits(rows: Rows) -> dict[str, str]:
    return {rows.text(row): rows.split_name(row) for row in range(len(rows))}


def test_files_of_a_folder_are_splits_in_the_order_train_validation_test(import_source: Any, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    _write(folder / "test.jsonl", ["t"])
    _write(folder / "dev.jsonl", ["v"])
    _write(folder / "train-10-of-11.jsonl", ["r10"])
    _write(folder / "train-2-of-11.jsonl", ["r2"])
    _write(folder / "more" / "extra.jsonl", ["e"])
    _write(folder / "validation" / "part.jsonl", ["w"])
    (folder / "README.md").write_text("about")
    (folder / "notes.txt").write_text("about")
    _write(folder / ".hidden" / "train.jsonl", ["hidden"])
    outcome = import_source(folder)
    rows = outcome.rows
    assert rows.texts(range(len(rows))) == ["e", "r2", "r10", "v", "w", "t"]
    assert outcome.result["splits"] == {"train": 3, "validation": 2, "test": 1}
    assert rows.meta.split_rule == "source"
    assert "train from more/extra.jsonl, train-2-of-11.jsonl, train-10-of-11.jsonl" in outcome.remarks


def test_a_single_file_is_train_whatever_its_name(import_source: Any, tmp_path: Path) -> None:
    _write(tmp_path / "test.jsonl", ["a", "b"])
    assert import_source(tmp_path / "test.jsonl", validation=0.0).result["splits"] == {"train": 2}


def test_a_fifth_of_train_becomes_validation_where_the_source_has_none(import_source: Any, tmp_path: Path) -> None:
    _write(tmp_path / "a.jsonl", [f"text {n}" for n in range(2000)])
    outcome = import_source(tmp_path / "a.jsonl")
    assert 340 < outcome.result["splits"]["validation"] < 460
    assert outcome.rows.meta.split_rule == "hash 0.2"
    assert "the source has no validation split: 20 % of train" in outcome.remarks


def test_texts_that_repeat_stay_in_one_split(import_source: Any, tmp_path: Path) -> None:
    _write(tmp_path / "a.jsonl", [f"text {n % 100}" for n in range(1000)])
    rows = import_source(tmp_path / "a.jsonl").rows
    seen: dict[str, set[str]] = {}
    for row in range(len(rows)):
        seen.setdefault(rows.text(row), set()).add(rows.split_name(row))
    assert {len(splits) for splits in seen.values()} == {1}
    assert set.union(*seen.values()) == {"train", "validation"}
    assert len(set(rows.keys.tolist())) == 1000


def test_rows_keep_their_key_and_split_when_the_source_is_reordered_and_grows(
    import_source: Any, tmp_path: Path
) -> None:
    texts = [f"text {n % 40}" for n in range(60)]
    _write(tmp_path / "a.jsonl", texts, "a")
    before = import_source(tmp_path / "a.jsonl").rows
    _write(tmp_path / "a.jsonl", [*(f"new {n}" for n in range(30)), *reversed(texts)], "a")
    after = import_source(tmp_path / "a.jsonl").rows
    assert len(after) == 90
    found = after.indices_of(before.keys)
    assert (found >= 0).all()
    assert after.texts(found) == before.texts(range(60))
    assert _splits(before).items() <= _splits(after).items()


def test_a_class_without_validation_rows_is_reported(import_source: Any, tmp_path: Path) -> None:
    _write(tmp_path / "d" / "train.jsonl", ["a", "b", "c"], "abc")
    _write(tmp_path / "d" / "valid.jsonl", ["d"], "a")
    assert "no validation rows for: b, c" in import_source(tmp_path / "d").warnings


def test_a_source_with_one_label_is_reported(import_source: Any, tmp_path: Path) -> None:
    _write(tmp_path / "a.jsonl", ["a", "b", "c"], "0")
    assert "every labelled row has the same label, '0'" in import_source(tmp_path / "a.jsonl").warnings


def test_a_file_without_the_label_column_begins_unlabelled(import_source: Any, tmp_path: Path) -> None:
    _write(tmp_path / "d" / "train.jsonl", ["a", "b"])
    (tmp_path / "d" / "test.jsonl").write_text('{"text": "c"}\n')
    outcome = import_source(tmp_path / "d")
    assert "test.jsonl has no column 'label': its rows begin unlabelled" in outcome.warnings
    assert outcome.rows.source_labels[outcome.rows.splits == 2].tolist() == [-1]


@pytest.mark.parametrize(
    ("expression", "texts"),
    [
        ("train[:3]", ["r0", "r1", "r2"]),
        ("train[-2:]", ["r4998", "r4999"]),
        ("train[2499:2502]", ["r2499", "r2500", "r2501"]),
        ("test+train[:1]", ["t0", "t1", "r0"]),
        ("train[:1]+train[4999:]", ["r0", "r4999"]),
        ("test[:50%]", ["t0"]),
    ],
)
def test_a_split_expression_takes_a_part(import_source: Any, tmp_path: Path, expression: str, texts: list[str]) -> None:
    _write(tmp_path / "d" / "train-1.jsonl", [f"r{n}" for n in range(2500)])
    _write(tmp_path / "d" / "train-2.jsonl", [f"r{n}" for n in range(2500, 5000)])
    _write(tmp_path / "d" / "test.jsonl", ["t0", "t1"])
    outcome = import_source(tmp_path / "d", split=expression, validation=0.0)
    assert outcome.rows.texts(range(len(outcome.rows))) == texts
    assert outcome.left_behind == {"rows.arrow"}


def test_a_split_expression_works_on_parquet(import_source: Any, tmp_path: Path) -> None:
    table = pa.table({"text": [f"r{n}" for n in range(5000)], "label": ["a", "b"] * 2500})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=700)
    rows = import_source(tmp_path / "a.parquet", split="train[10%:20%]", validation=0.0).rows
    assert (rows.text(0), rows.text(len(rows) - 1), len(rows)) == ("r500", "r999", 500)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("tests[:3]", "'tests[:3]' is no part of this source"),
        ("train[:", "'train[:' is no split"),
        ("train[:150%]", "'train[:150%]' is no split"),
    ],
)
def test_a_wrong_split_expression_says_so(import_source: Any, tmp_path: Path, expression: str, message: str) -> None:
    _write(tmp_path / "a.jsonl", ["a", "b"])
    error = import_source.fails(tmp_path / "a.jsonl", split=expression)
    assert message in error.what
