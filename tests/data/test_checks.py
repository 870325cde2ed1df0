"""Checks: each finds what it says, planted faults are counted exactly, fixes are one edit."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from tests.data.planted import FAULTS, plant
from tlworkbench.data.checks.fixes import leave_training, majority, take_majority
from tlworkbench.data.checks.found import Found
from tlworkbench.data.checks.lengths import histogram, in_words, measure
from tlworkbench.data.checks.subject import Subject, TextFacts, TextLengths, sample_by_key
from tlworkbench.data.checks.table import BY_ID, CHECKS, run_checks
from tlworkbench.data.journal import Journal
from tlworkbench.data.labelling import Labelling
from tlworkbench.data.near_duplicates import Cancelled
from tlworkbench.data.rows import Rows
from tlworkbench.data.rows_writer import write_rows

Make: TypeAlias = Callable[..., tuple[Rows, Journal]]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Rows of (text, label) by split, and their journal."""
    journals = []

    def make(**splits: Sequence[tuple[str | None, str | None]]) -> tuple[Rows, Journal]:
        columns: dict[str, Mapping[str, Sequence[object]]] = {
            name: {"text": [text for text, _ in rows], "label": [label for _, label in rows]}
            for name, rows in splits.items()
        }
        write_rows(tmp_path / "rows.arrow", columns, validation=0.0)
        rows = Rows.open(tmp_path / "rows.arrow")
        journals.append(Journal.open(tmp_path / "labels.sqlite", rows.meta.label_values))
        return rows, journals[-1]

    yield make
    for journal in journals:
        journal.close()


def subject(rows: Rows, journal: Journal) -> Subject:
    return Subject.of(TextFacts(rows), Labelling(rows, journal))


def find(check: str, rows: Rows, journal: Journal) -> Found:
    return BY_ID[check].find(subject(rows, journal))


@pytest.mark.parametrize("faults", [(), *((fault,) for fault in FAULTS), FAULTS])
def test_planted_faults_are_counted_exactly(tmp_path: Path, faults: tuple[str, ...]) -> None:
    rows, planted = plant(tmp_path / "rows.arrow", 3000, faults)
    with Journal.open(tmp_path / "labels.sqlite", rows.meta.label_values) as journal:
        found = {check.id: outcome.count for check, outcome in run_checks(subject(rows, journal))}
    assert planted == {
        "empty": 30 * ("empty" in faults),
        "duplicates": 30 * ("duplicates" in faults),
        "leaks": 15 * ("leaks" in faults),
        "conflicts": 20 * ("conflicts" in faults),
        "rare": 2 * ("rare" in faults),
    }
    assert {check: count for check, count in found.items() if count} == {
        check: count for check, count in (planted | {"uneven": planted["rare"]}).items() if count
    }


def test_a_check_has_all_its_words() -> None:
    assert all(check.title and check.advice.endswith(".") and check.rule.endswith(".") for check in CHECKS)
    assert all("\n" not in check.rule and len(check.title) <= 30 for check in CHECKS)
    # With what was found it has to fit into two lines of the dialog.
    assert all(len(check.advice) <= 96 for check in CHECKS)


def test_repeats_are_each_of_one_kind(make: Make) -> None:
    rows, journal = make(
        train=[
            ("a", "x"),
            ("b", "x"),
            ("a", "x"),
            ("c", "x"),
            ("c", "y"),
            ("a", "x"),
            (" ", "x"),
            (" ", "y"),
            ("d", "x"),
        ],
        validation=[("e", "x"), ("d", "x"), ("e", "x")],
        test=[("e", "x")],
    )
    duplicates = find("duplicates", rows, journal)
    assert (duplicates.count, duplicates.rows.tolist(), duplicates.words) == (3, [0, 2, 5, 9, 11], "of 2 texts")
    conflicts = find("conflicts", rows, journal)
    assert (conflicts.count, conflicts.rows.tolist(), conflicts.words) == (1, [3, 4], "in 2 rows")
    leaks = find("leaks", rows, journal)
    assert (leaks.count, leaks.rows.tolist(), leaks.words) == (1, [8, 10], "and 1 row of validation or test")
    empty = find("empty", rows, journal)
    assert (empty.count, empty.rows.tolist()) == (2, [6, 7])


def test_rows_that_belong_together_stand_together(make: Make) -> None:
    rows, journal = make(train=[("b", "x"), ("a", "x"), ("b", "x"), ("a", "x"), ("b", "x")])
    assert find("duplicates", rows, journal).rows.tolist() == [0, 2, 4, 1, 3]


def test_excluded_rows_take_no_part(make: Make) -> None:
    rows, journal = make(
        train=[("a", "x"), ("a", "x"), ("c", "x"), ("c", "y"), ("", "x"), ("v", "x"), (r"\u2019", None)],
        validation=[("v", "x")],
    )
    before = {check.id: found.count for check, found in run_checks(subject(rows, journal))}
    assert [before[check] for check in ("duplicates", "conflicts", "empty", "leaks", "escapes", "unlabelled")] == [
        1
    ] * 6
    journal.set_excluded(rows.keys[[1, 3, 4, 5, 6]].tolist(), True)
    after = {check.id: found.count for check, found in run_checks(subject(rows, journal))}
    assert [after[check] for check in ("duplicates", "conflicts", "empty", "leaks", "escapes", "unlabelled")] == [0] * 6


def test_near_repeats_within_and_across_splits(make: Make) -> None:
    rows, journal = make(
        train=[
            ("The parcel never came, and nobody answers!", "x"),
            ("the PARCEL never came and nobody answers @shop https://t.co/x", "y"),
            ("the PARCEL never came and nobody answers @shop https://t.co/x", "y"),
            ("another thing altogether that nobody wrote before", "x"),
            ("same on both sides", "x"),
            ("one text twice", "x"),
            ("one text twice", "y"),
            ("👍", "x"),
            ("👎", "x"),
        ],
        test=[("RT the parcel never came and nobody answers", "x"), ("same on both sides", "x")],
    )
    near = find("near_duplicates", rows, journal)
    assert (near.count, near.rows.tolist(), near.words) == (1, [0, 1, 2], "in 1 group")
    conflicts = find("near_conflicts", rows, journal)
    assert (conflicts.count, conflicts.rows.tolist(), conflicts.words) == (1, [0, 1, 2, 9], "of 4 rows")
    leaks = find("near_leaks", rows, journal)
    assert (leaks.count, leaks.rows.tolist()) == (3, [0, 1, 2, 9])


def test_classes_too_few_unmeasured_and_uneven(make: Make) -> None:
    rows, journal = make(
        train=[("t", "many")] * 250 + [("t", "some")] * 19 + [("t", "little")] * 7 + [("t", None)] * 3,
        validation=[("t", "many")] * 20 + [("t", "some")] * 1 + [("t", "held")] * 40,
    )
    journal.add_label("new")
    rare = find("rare", rows, journal)
    assert (rare.count, rare.words, len(rare.rows)) == (3, "held 40, little 7, new 0", 47)
    assert find("unmeasured", rows, journal).words == "little 7, new 0"
    uneven = find("uneven", rows, journal)
    assert (uneven.count, uneven.words) == (3, "many has 270 rows, many times those of new")
    assert find("unlabelled", rows, journal).rows.tolist() == [276, 277, 278]


@pytest.mark.parametrize(
    ("check", "texts", "harmless"),
    [
        ("replaced", ["caf\ufffd"], ["café", "?"]),
        (
            "mojibake",
            ["donâ€™t", "cafÃ©", "ðŸ\u02dc€", "Â£5", "ï»¿first", "â\x80\x99"],
            ["NÃO", "SÂN", "â", "mâché", "naïve"],
        ),
        ("control", ["a\x00", "\x1b[1m", "\x7f", "a\x85b", "\x0b"], ["a\tb\r\nc", "é"]),
        ("escapes", [r"don\u2019t", r"\x80", r"\U0001F600"], [r"C:\users", "\\"]),
        ("tags", ["one<br />two", "<B>", '<a href="x">', "</p>", "<h1>"], ["a < b > c", "<3", "<user>", "i<j"]),
        ("entities", ["a &amp; b", "&#39;", "&#x2019;"], ["Q&A; no", "a & b;", "&"]),
    ],
)
def test_damaged_texts(make: Make, check: str, texts: list[str], harmless: list[str]) -> None:
    rows, journal = make(train=[(text, "x") for text in texts + harmless])
    assert [rows.text(row) for row in find(check, rows, journal).rows.tolist()] == texts


def test_texts_longer_than_the_model_reads(make: Make) -> None:
    rows, journal = make(train=[(f"text {number}", "x") for number in range(4)])
    measured = subject(rows, journal)
    unknown = BY_ID["too_long"].find(measured)
    assert (unknown.count, unknown.words) == (None, "no model is chosen yet")
    lengths = TextLengths(np.array([0, 2, 3]), np.array([256, 257, 9], np.int32), 256, "tiny")
    found = BY_ID["too_long"].find(
        Subject(measured.facts, measured.current, measured.excluded, measured.label_set, lengths)
    )
    assert (found.count, found.rows.tolist()) == (1, [2])
    assert found.words == "33.3 % of 3 sampled texts have more than 256 tokens"
    journal.set_excluded([int(rows.keys[2])], True)
    assert BY_ID["too_long"].find(subject(rows, journal).measured(lengths)).count == 0


def test_a_sample_is_the_same_whatever_else_is_wanted(make: Make) -> None:
    rows, _ = make(train=[(f"text {number}", "x") for number in range(100)])
    every = np.ones(100, np.bool_)
    small, large = sample_by_key(rows, every, 10), sample_by_key(rows, every, 50)
    assert len(small) == 10 and set(small) < set(large)
    assert sample_by_key(rows, every, 100).tolist() == list(range(100))


def test_copies_get_the_majority_label_in_one_edit(make: Make) -> None:
    rows, journal = make(
        train=[
            ("a", "x"),
            ("a", "y"),
            ("a", "x"),
            ("b", "x"),
            ("b", "y"),
            ("c", "y"),
            ("c", None),
            ("", "x"),
            ("", "y"),
        ],
        test=[("a", "z"), ("lone", None), ("none", None), ("none", None)],
    )
    plan = majority(subject(rows, journal))
    assert (plan.rows.tolist(), plan.texts, plan.ties) == ([1, 6, 9], 2, 1)
    before = subject(rows, journal).current.tolist()
    edit = take_majority(subject(rows, journal), journal, plan)
    assert edit is not None and edit.means == "check" and edit.rows == 3
    names = [("x", "y", "z")[label] if label >= 0 else "" for label in subject(rows, journal).current.tolist()]
    assert names == ["x", "x", "x", "x", "y", "y", "y", "x", "y", "x", "", "", ""]
    assert find("conflicts", rows, journal).count == 1
    assert take_majority(subject(rows, journal), journal, majority(subject(rows, journal))) is None
    journal.undo()
    assert subject(rows, journal).current.tolist() == before


def test_without_a_label_there_is_no_majority(make: Make) -> None:
    rows, journal = make(train=[("a", None), ("a", None)])
    plan = majority(subject(rows, journal))
    assert (len(plan.rows), plan.texts, plan.ties) == (0, 0, 0)


@pytest.mark.parametrize("near", [False, True])
def test_leaks_leave_the_training_split_in_one_edit(make: Make, near: bool) -> None:
    held = "The same six words, once more" if near else "the same six words once more"
    rows, journal = make(
        train=[("the same six words once more", "x")] * 2 + [("else", "x")], validation=[(held, "x"), (held, "x")]
    )
    edit = leave_training(subject(rows, journal), journal, near)
    assert edit is not None and edit.means == "check" and edit.rows == 2
    assert np.flatnonzero(subject(rows, journal).excluded).tolist() == [0, 1]
    assert find("near_leaks" if near else "leaks", rows, journal).count == 0
    assert leave_training(subject(rows, journal), journal, near) is None
    journal.undo()
    assert not subject(rows, journal).excluded.any()


def test_nothing_is_found_where_there_is_nothing(make: Make) -> None:
    rows, journal = make(train=[])
    assert {check.id: found.count for check, found in run_checks(subject(rows, journal)) if found.count} == {}


@pytest.mark.parametrize("most", [3, 100])
def test_tokens_are_measured_of_a_sample_and_counted_in_bins(make: Make, most: int) -> None:
    texts = ["a" * length for length in (3, 8, 9, 100, 256, 257, 600)] + [" "]
    rows, _ = make(train=[(text, "x") for text in texts])
    measured = measure(TextFacts(rows), lambda some: np.array([*map(len, some)], np.int32), 100, "tiny", most=most)
    assert len(measured.rows) == min(most, 7)
    if most > 7:
        parts = histogram(measured)
        assert [(part.first, part.last, part.rows) for part in parts] == [
            (1, 8, 2), (9, 16, 1), (17, 32, 0), (33, 64, 0), (65, 100, 1), (101, 128, 0), (129, 256, 1), (257, 512, 1),
            (513, 1024, 1),
        ]  # fmt: skip
        assert [part.over for part in parts] == [False] * 5 + [True] * 4
        assert in_words(measured) == "median 100, 95 % up to 497, longest 600"


def test_measuring_ends_when_nobody_waits(make: Make) -> None:
    rows, _ = make(train=[("a", "x")])
    with pytest.raises(Cancelled):
        measure(TextFacts(rows), lambda some: np.zeros(len(some), np.int32), 8, "tiny", lambda: True)
