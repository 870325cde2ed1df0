"""Which rows a run learns from, and in which order."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tlworkbench.data.examples import examples
from tlworkbench.data.journal import Journal
from tlworkbench.data.labelling import Labelling
from tlworkbench.data.rows import Rows
from tlworkbench.data.rows_writer import write_rows
from tlworkbench.errors import UserError


def opened(folder: Path, texts: Sequence[str | None], labels: Sequence[object]) -> tuple[Rows, Journal]:
    folder.mkdir(exist_ok=True)
    columns: dict[str, list[object]] = {"text": list(texts), "label": list(labels)}
    write_rows(folder / "rows.arrow", {"train": columns, "test": {"text": ["t"], "label": ["b"]}}, validation=0.0)
    rows = Rows.open(folder / "rows.arrow")
    return rows, Journal.open(folder / "labels.sqlite", rows.meta.label_values)


def test_only_labelled_rows_with_a_text_that_are_not_excluded_count(tmp_path: Path) -> None:
    rows, journal = opened(tmp_path, ["one", "two", " \n", None, "five", "six"], ["a", "b", "a", "b", None, "c"])
    journal.set_excluded([int(rows.keys[1])], True)
    journal.map_labels({"a": "A", "c": "A"})
    found = examples(rows, Labelling(rows, journal), "train")
    assert sorted(found.indices.tolist()) == [0, 5]
    assert found.classes.tolist() == [0, 0] and found.classes.dtype == np.int64
    assert found.class_names == ("A", "b")
    assert (found.excluded, found.unlabelled, found.empty) == (1, 1, 2)
    journal.reorder(["b"])
    journal.set_label([int(rows.keys[4])], journal.label_set().index("b"))
    again = examples(rows, Labelling(rows, journal), "train")
    assert dict(zip(again.indices.tolist(), again.classes.tolist(), strict=True)) == {0: 1, 4: 0, 5: 1}
    assert again.class_names == ("b", "A")
    test = examples(rows, Labelling(rows, journal), "test")
    assert (test.indices.tolist(), test.classes.tolist()) == ([6], [0])
    journal.close()


def test_the_draw_follows_from_keys_and_seed_and_not_from_the_files_order(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(300)]
    labels = ["a", "b", "c"] * 100
    rows, journal = opened(tmp_path / "one", texts, labels)
    order = np.random.default_rng(5).permutation(300).tolist()
    shuffled, other = opened(tmp_path / "other", [texts[n] for n in order], [labels[n] for n in order])

    def drawn(rows: Rows, journal: Journal, count: int, seed: int) -> list[tuple[str, int]]:
        found = examples(rows, Labelling(rows, journal), "train", count, seed)
        return list(zip(rows.texts(found.indices.tolist()), found.classes.tolist(), strict=True))

    chosen = drawn(rows, journal, 50, 7)
    assert len(chosen) == 50
    assert drawn(shuffled, other, 50, 7) == chosen
    assert drawn(rows, journal, 80, 7)[:50] == chosen
    assert set(drawn(rows, journal, 50, 8)) != set(chosen)
    assert len(drawn(rows, journal, 0, 7)) == 300
    assert [text for text, _ in chosen] != sorted(text for text, _ in chosen)
    # A fair draw of 50 from three classes of 100 each holds fewer than 5 of one once in a million.
    assert min(np.bincount([number for _, number in chosen])) >= 5
    journal.close()
    other.close()


def test_an_unknown_split_is_named(tmp_path: Path) -> None:
    rows, journal = opened(tmp_path, ["x"], ["a"])
    with pytest.raises(UserError, match="no split 'dev'") as raised:
        examples(rows, Labelling(rows, journal), "dev")
    assert "validation" in raised.value.hint
    journal.close()


def test_a_split_without_rows_and_rows_without_labels_give_no_examples(tmp_path: Path) -> None:
    rows, journal = opened(tmp_path, ["x", "y"], ["a", "b"])
    assert len(examples(rows, Labelling(rows, journal), "validation").indices) == 0
    journal.map_labels({"a": "", "b": ""})
    found = examples(rows, Labelling(rows, journal), "train")
    assert (len(found.indices), found.class_names, found.unlabelled) == (0, (), 2)
    journal.close()
