"""Checks of texts that stand more than once."""

from typing import Any

import numpy as np

from tlworkbench.data.checks.found import Found, number
from tlworkbench.data.checks.subject import HELD_OUT, TRAIN, Subject
from tlworkbench.data.duplicates import Groups, conflicting
from tlworkbench.data.labelling import Indices, Marks

_Numbers = np.ndarray[Any, np.dtype[np.int64]]


def duplicates(subject: Subject) -> Found:
    """Rows beyond the first of each text within its split; texts with different labels are conflicts instead."""
    counted = np.flatnonzero(subject.worded & ~_conflicting(subject))
    where = _by_split(subject, subject.facts.groups, counted)
    again = counted[_beyond_first(where)]
    texts = len(np.unique(where[_beyond_first(where)]))
    shown = counted[np.isin(where, where[_beyond_first(where)])]
    return Found(
        len(again), together(shown, subject.facts.groups), f"of {number(texts)} {_texts(texts)}" if texts else ""
    )


def conflicts(subject: Subject) -> Found:
    """Texts that stand with different labels; every row of such a text that has a label is shown."""
    rows = np.flatnonzero(_conflicting(subject))
    texts = len(np.unique(subject.facts.groups[rows]))
    return Found(texts, together(rows, subject.facts.groups), f"in {number(len(rows))} rows" if texts else "")


def near_conflicts(subject: Subject) -> Found:
    """Groups of nearly the same, but distinct texts with different labels; their labelled rows are shown."""
    groups, near = subject.facts.groups, subject.facts.near
    rows = np.flatnonzero(conflicting(subject.rows, subject, near))
    # One row for each text; a near group with a single one is a plain conflict.
    each = rows[np.unique(groups[rows], return_index=True)[1]]
    several, texts = np.unique(near[each], return_counts=True)
    several = several[texts > 1]
    shown = rows[np.isin(near[rows], several)]
    return Found(len(several), together(shown, near), f"of {number(len(shown))} rows" if len(shown) else "")


def leaks(subject: Subject) -> Found:
    """Training rows whose text also stands in validation or test; both sides are shown."""
    return _leaks(subject, subject.facts.groups, leaking(subject))


def near_duplicates(subject: Subject) -> Found:
    """Distinct texts beyond the first of those nearly the same within a split; copies of one text count once."""
    groups, near = subject.facts.groups, subject.facts.near
    counted = np.flatnonzero(subject.worded)
    # One row for each text in a split, then what is beyond the first of its near group there.
    each = counted[~_beyond_first(_by_split(subject, groups, counted))]
    where = _by_split(subject, near, each)
    beyond = _beyond_first(where)
    shown = counted[np.isin(_by_split(subject, near, counted), where[beyond])]
    kinds = len(np.unique(where[beyond]))
    words = f"in {number(kinds)} {'group' if kinds == 1 else 'groups'}" if kinds else ""
    return Found(int(beyond.sum()), together(shown, near), words)


def near_leaks(subject: Subject) -> Found:
    """Training rows whose text nearly stands in validation or test, and not exactly; both sides are shown."""
    return _leaks(subject, subject.facts.near, leaking(subject, near=True))


def leaking(subject: Subject, near: bool = False) -> Marks:
    """Training rows whose text stands in validation or test too; `near`: nearly, and not exactly."""
    groups = subject.facts.groups
    exact = _shared(subject, groups)
    return _shared(subject, subject.facts.near) & ~exact if near else exact


def together(rows: Indices, groups: Groups) -> Indices:
    """The rows group by group; a group that begins earlier has the smaller number."""
    return rows[np.lexsort((rows, groups[rows]))]


def _shared(subject: Subject, groups: Groups) -> Marks:
    held = subject.worded & subject.split(*HELD_OUT)
    there = np.zeros(int(groups.max(initial=-1)) + 1, np.bool_)
    there[groups[held]] = True
    return subject.worded & subject.split(TRAIN) & there[groups]


def _leaks(subject: Subject, groups: Groups, leaking: Marks) -> Found:
    taken = np.zeros(int(groups.max(initial=-1)) + 1, np.bool_)
    taken[groups[leaking]] = True
    others = subject.worded & subject.split(*HELD_OUT) & taken[groups]
    count, held = int(leaking.sum()), int(others.sum())
    words = f"and {number(held)} {'row' if held == 1 else 'rows'} of validation or test" if count else ""
    return Found(count, together(np.flatnonzero(leaking | others), groups), words)


def _conflicting(subject: Subject) -> Marks:
    return conflicting(subject.rows, subject, subject.facts.groups)


def _by_split(subject: Subject, groups: Groups, rows: Indices) -> _Numbers:
    """A number for each group and split."""
    return groups[rows].astype(np.int64) * 128 + subject.rows.splits[rows]


def _beyond_first(numbers: _Numbers) -> Marks:
    """Places whose number stood before."""
    beyond = np.ones(len(numbers), np.bool_)
    beyond[np.unique(numbers, return_index=True)[1]] = False
    return beyond


def _texts(count: int) -> str:
    return "text" if count == 1 else "texts"
