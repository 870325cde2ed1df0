"""Suggestions: written once, aligned to whatever rows there are now, and what of them is still open."""

from pathlib import Path

import numpy as np
import pytest

from tlworkbench.data.journal import Journal
from tlworkbench.data.labelling import Labelling
from tlworkbench.data.rows import Rows
from tlworkbench.data.rows_writer import write_rows
from tlworkbench.data.suggestions import (
    FILE_NAME,
    SuggestionColumns,
    Suggestions,
    SuggestionsMeta,
    stamp_of,
    write_suggestions,
)
from tlworkbench.errors import UserError

TEXTS = ("awful", "lovely", "so so", "broken", "great", "unclear")
GIVEN = (0, 0, 1, 1, 1, -1)
SUGGESTED = (0, 1, 1, 0, 1, 0)
SUSPICION = (0.1, 0.9, 0.2, 0.7, 0.3, np.nan)


def rows_of(folder: Path, texts: tuple[str, ...] = TEXTS) -> Rows:
    names = ("bad", "good")
    labels = dict(zip(TEXTS, (names[n] if n >= 0 else None for n in GIVEN), strict=True))
    write_rows(
        folder / "rows.arrow",
        {"train": {"text": list(texts), "label": [labels.get(text) for text in texts]}},
        validation=0.0,
    )
    return Rows.open(folder / "rows.arrow")


def write(path: Path, rows: Rows, journal_version: int = 0) -> None:
    columns = SuggestionColumns(
        given=np.array(GIVEN, np.int16),
        suggested=np.array(SUGGESTED, np.int16),
        probability=np.linspace(0.5, 1, len(rows)).astype(np.float32),
        suspicion=np.array(SUSPICION, np.float32),
        uncertainty=np.linspace(0, 1, len(rows)).astype(np.float32),
        suspect=np.array([False, True, False, True, False, False]),
    )
    keys = [int(key) for key in rows.keys]
    meta = SuggestionsMeta(model="bundled", embeddings="abc", journal_version=journal_version, suspects=2)
    write_suggestions(path, rows.keys, columns, {1: [keys[4], keys[2]]}, meta)


def opened(path: Path, rows: Rows) -> Suggestions:
    found = Suggestions.open(path, rows)
    assert found is not None
    return found


def test_columns_come_back_aligned(tmp_path: Path) -> None:
    rows = rows_of(tmp_path)
    path = tmp_path / FILE_NAME
    assert Suggestions.open(path, rows) is None and stamp_of(path) == (0, 0)
    write(path, rows)
    found = opened(path, rows)
    assert found.stamp == stamp_of(path) != (0, 0)
    assert (found.meta.model, found.meta.embeddings, found.meta.suspects) == ("bundled", "abc", 2)
    assert found.given.tolist() == list(GIVEN) and found.suggested.tolist() == list(SUGGESTED)
    assert found.suspicion[:5].tolist() == pytest.approx(list(SUSPICION)[:5]) and np.isnan(found.suspicion[5])
    assert found.suspect.tolist() == [False, True, False, True, False, False]
    assert found.nearest(1) == [int(rows.keys[4]), int(rows.keys[2])]
    assert found.nearest(0) == []


def test_rows_in_another_order_keep_their_suggestion_and_new_ones_have_none(tmp_path: Path) -> None:
    before = rows_of(tmp_path)
    path = tmp_path / FILE_NAME
    write(path, before)
    texts = ("new", "unclear", "great", "lovely", "awful")
    rows = rows_of(tmp_path, texts)
    found = opened(path, rows)
    assert found.given.tolist() == [-1, -1, 1, 0, 0]
    assert found.suggested.tolist() == [-1, 0, 1, 1, 0]
    assert np.isnan(found.probability[0]) and np.isnan(found.uncertainty[0])
    assert found.suspect.tolist() == [False, False, False, True, False]
    assert found.nearest(3) == [int(before.keys[4]), int(before.keys[2])] and found.nearest(0) == []


def test_a_suspect_is_open_until_someone_decides(tmp_path: Path) -> None:
    rows = rows_of(tmp_path)
    path = tmp_path / FILE_NAME
    with Journal.open(tmp_path / "labels.sqlite", rows.meta.label_values) as journal:
        labelling = Labelling(rows, journal)
        write(path, rows, journal.version)
        found = opened(path, rows)
        assert found.open_suspects(labelling).tolist() == [1, 3]
        # Accepted, confirmed, excluded: each is a decision.
        for label, excluded in ((1, False), (0, False), (None, True)):
            if excluded:
                journal.set_excluded([int(rows.keys[1])], True)
            else:
                journal.set_label([int(rows.keys[1])], label)
            labelling.refresh()
            assert found.open_suspects(labelling).tolist() == [3]
            journal.undo()
            labelling.refresh()
            assert found.open_suspects(labelling).tolist() == [1, 3]
        journal.set_flagged([int(rows.keys[1])], True)
        labelling.refresh()
        assert found.open_suspects(labelling).tolist() == [1, 3]
        journal.map_labels({"bad": "good"})
        labelling.refresh()
        # Merged: what was suggested is what it is called now.
        assert found.open_suspects(labelling).tolist() == []
        assert found.suggested_now(labelling.label_set).tolist() == [1] * 6


def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    rows = rows_of(tmp_path)
    path = tmp_path / FILE_NAME
    write(path, rows)
    content = path.read_bytes()
    for damaged in (content[:-200], b"nothing of ours"):
        path.write_bytes(damaged)
        with pytest.raises(UserError, match="is damaged") as raised:
            Suggestions.open(path, rows)
        assert "tlworkbench suspects" in raised.value.hint
