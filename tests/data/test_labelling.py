"""The labelling against the journal: what is touched, what is not, and what it costs."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from tlworkbench.data.journal import Journal
from tlworkbench.data.labelling import Labelling, RowState
from tlworkbench.data.rows_meta import RowsMeta
from tlworkbench.errors import UserError

VALUES = ("neg", "neu", "pos")


class Rows:
    """Rows without texts; keys descend, so that a row's number is never its key's rank."""

    def __init__(self, labels: Iterable[int], values: tuple[str, ...] = VALUES) -> None:
        self.source_labels = np.array(list(labels), np.int32)
        self.keys = np.arange(len(self.source_labels), 0, -1).astype(np.uint64) * np.uint64(2**63 // 10**6)
        self.meta = RowsMeta(label_values=values)

    def __len__(self) -> int:
        return len(self.source_labels)

    def indices_of(self, keys: Iterable[int]) -> np.ndarray[Any, np.dtype[np.int64]]:
        wanted = np.asarray(keys, np.uint64)
        ordered = self.keys[::-1]
        places = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
        return np.where(ordered[places] == wanted, len(ordered) - 1 - places, -1).astype(np.int64)

    def key(self, row: int) -> int:
        return int(self.keys[row])


@pytest.fixture
def rows() -> Rows:
    return Rows([0, 1, 2, -1, 0, 1])


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "labels.sqlite", VALUES) as journal:
        yield journal


def names(labelling: Labelling) -> list[str]:
    return [labelling.label_set.labels[number].name if number >= 0 else "" for number in classes(labelling)]


def classes(labelling: Labelling) -> list[int]:
    found: list[int] = labelling.label_set.class_of[labelling.current].tolist()
    return found


def test_without_edits_the_sources_labels_stand(rows: Rows, journal: Journal) -> None:
    labelling = Labelling(rows, journal)
    assert labelling.current.tolist() == [0, 1, 2, -1, 0, 1]
    assert labelling.current.dtype == np.int16
    assert labelling.counts().tolist() == [2, 2, 1]
    assert labelling.unlabelled == 1
    assert not labelling.edited.any() and labelling.version == 0
    assert labelling.refresh().tolist() == []


def test_refresh_returns_the_rows_that_an_edit_touched_here_or_elsewhere(
    rows: Rows, journal: Journal, tmp_path: Path
) -> None:
    labelling = Labelling(rows, journal)
    journal.set_label([rows.key(4), rows.key(1)], 2)
    assert labelling.current.tolist() == [0, 1, 2, -1, 0, 1], "nothing moves before a refresh"
    assert labelling.refresh().tolist() == [1, 4]
    assert labelling.current.tolist() == [0, 2, 2, -1, 2, 1]
    assert labelling.edited.tolist() == [False, True, False, False, True, False]
    assert labelling.counts().tolist() == [1, 1, 3]
    with Journal.open(tmp_path / "labels.sqlite") as elsewhere:
        elsewhere.undo()
        elsewhere.set_excluded([rows.key(0)], True)
        elsewhere.set_flagged([rows.key(5)], True)
    assert labelling.refresh().tolist() == [0, 1, 4, 5]
    assert labelling.current.tolist() == [0, 1, 2, -1, 0, 1]
    assert not labelling.edited.any()
    assert np.flatnonzero(labelling.excluded).tolist() == [0]
    assert np.flatnonzero(labelling.flagged).tolist() == [5]
    assert labelling.counts().tolist() == [2, 2, 1]
    assert labelling.counts(included=True).tolist() == [1, 2, 1]
    assert labelling.refresh().tolist() == []


def test_a_merge_moves_rows_and_a_rename_none_though_the_names_change(rows: Rows, journal: Journal) -> None:
    labelling = Labelling(rows, journal)
    before = labelling.label_set
    journal.map_labels({"neg": "bad"})
    assert labelling.refresh().tolist() == []
    assert labelling.label_set is not before
    assert names(labelling) == ["bad", "neu", "pos", "", "bad", "neu"]
    journal.set_label([rows.key(3)], 0)
    journal.map_labels({"neu": "pos", "bad": ""})
    assert labelling.refresh().tolist() == [0, 1, 3, 4, 5]
    assert names(labelling) == ["", "pos", "pos", "", "", "pos"]
    assert labelling.counts().tolist() == [3]
    assert labelling.unlabelled == 3
    journal.undo()
    labelling.refresh()
    assert names(labelling) == ["bad", "neu", "pos", "bad", "bad", "neu"]
    journal.map_labels({"bad": "", "neu": "", "pos": ""})
    labelling.refresh()
    assert labelling.counts().tolist() == [] and labelling.unlabelled == 6


def test_a_rows_state_for_painting(rows: Rows, journal: Journal) -> None:
    journal.set_label([rows.key(0)], 2)
    journal.set_label([rows.key(1)], 1)
    journal.set_flagged([rows.key(3)], True)
    journal.map_labels({"neg": "neu"})
    labelling = Labelling(rows, journal)
    assert labelling.state(0) == RowState(2, 1, 0, edited=True, excluded=False, flagged=False)
    assert labelling.state(1) == RowState(1, 1, 1, edited=True, excluded=False, flagged=False), "confirmed"
    assert labelling.state(3) == RowState(-1, -1, -1, edited=False, excluded=False, flagged=True)
    assert labelling.state(4) == RowState(1, 1, 0, edited=False, excluded=False, flagged=False)


def test_edits_of_rows_that_the_source_has_no_more_wait(rows: Rows, journal: Journal) -> None:
    labelling = Labelling(rows, journal)
    journal.set_label([12345, rows.key(0)], 2)
    assert labelling.refresh().tolist() == [0]
    assert Labelling(Rows([1]), journal).current.tolist() == [1]


def test_classes_that_a_reimport_reordered_keep_their_labels(journal: Journal, tmp_path: Path) -> None:
    journal.map_labels({"neg": "bad"})
    values = ("mixed", "pos", "neg", "neu")
    rows = Rows([0, 1, 2, 3, -1], values)
    with pytest.raises(UserError, match="does not know the source's label 'mixed'"):
        Labelling(rows, journal)
    with Journal.open(tmp_path / "labels.sqlite", values):
        pass
    labelling = Labelling(rows, journal)
    assert names(labelling) == ["mixed", "pos", "bad", "neu", ""]


def test_the_labelling_as_it_stood_at_a_version_stays(rows: Rows, journal: Journal) -> None:
    journal.set_label([rows.key(0)], 2)
    journal.set_excluded([rows.key(1)], True)
    journal.map_labels({"neg": "neu"})
    then = Labelling.at(rows, journal, 2)
    assert (names(then)[0], names(then)[4], then.version) == ("pos", "neg", 2)
    assert then.excluded.tolist() == [False, True, False, False, False, False]
    journal.undo()
    journal.undo()
    assert then.refresh().tolist() == [] and then.excluded.any()
    assert names(Labelling.at(rows, journal, 0)) == ["neg", "neu", "pos", "", "neg", "neu"]
    assert names(Labelling.at(rows, journal, 3))[4] == "neu"


moves = st.lists(
    st.one_of(
        st.tuples(st.just("label"), st.integers(0, 5), st.integers(-1, 2)),
        st.tuples(st.just("exclude"), st.integers(0, 5), st.booleans()),
        st.tuples(st.just("map"), st.sampled_from(VALUES), st.sampled_from((*VALUES, "x", ""))),
        st.tuples(st.sampled_from(["undo", "redo", "refresh"]), st.none(), st.none()),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=moves)
def test_refreshing_by_and_by_ends_where_a_fresh_labelling_begins(
    moves: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = Rows([0, 1, 2, -1, 0, 1])
    with Journal.open(tmp_path_factory.mktemp("journal") / "labels.sqlite", VALUES) as journal:
        labelling = Labelling(rows, journal)
        shown = labelling.current.copy()
        for kind, one, other in moves:
            if kind == "label" and (other < 0 or journal.label_set().get(other)):
                journal.set_label([rows.key(one)], other)
            elif kind == "exclude":
                journal.set_excluded([rows.key(one)], other)
            elif kind == "map" and one in journal.label_set().names:
                journal.map_labels({one: other})
            elif kind in ("undo", "redo"):
                journal.undo() if kind == "undo" else journal.redo()
            elif kind == "refresh":
                changed = labelling.refresh()
                # A screen that repaints only what is returned shows everything right.
                shown[changed] = labelling.current[changed]
                assert shown.tolist() == labelling.current.tolist()
        labelling.refresh()
        fresh = Labelling(rows, journal)
        past = Labelling.at(rows, journal, journal.version)
        for other in (fresh, past):
            assert names(labelling) == names(other)
            assert labelling.edited.tolist() == other.edited.tolist()
            assert labelling.excluded.tolist() == other.excluded.tolist()
            assert labelling.counts().tolist() == other.counts().tolist()


def test_a_million_rows_cost_little(tmp_path: Path) -> None:
    rows = Rows(np.random.default_rng(3).integers(-1, 3, 1_000_000))
    with Journal.open(tmp_path / "labels.sqlite", VALUES) as journal:
        labelling = Labelling(rows, journal)
        # The best of three each, and this thread's own time: other programs may be busy meanwhile.
        one, remap, count = [], [], []
        for label in (0, 1, 0):
            journal.set_label([rows.key(123_456)], label)
            one.append(seconds_of(labelling.refresh))
            count.append(seconds_of(labelling.counts))
            journal.map_labels({"neu": "pos"})
            remap.append(seconds_of(labelling.refresh))
            assert len(labelling.counts()) == 2
            journal.undo()
            remap.append(seconds_of(labelling.refresh))
        assert min(one) < 0.005
        assert min(count) < 0.010
        assert min(remap) < 0.020


def seconds_of(call: Any) -> float:
    began = time.thread_time()
    call()
    return time.thread_time() - began
