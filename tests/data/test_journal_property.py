"""Whatever is edited, undone, redone and reopened: the journal says what a plain model says that rewrites every row.

The model keeps names, not ids, and writes a merge into all rows; the journal writes none and resolves ids instead.
"""

import copy
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tlworkbench.data.journal import Journal
from tlworkbench.data.label_set import SHORTCUTS, LabelSet
from tlworkbench.data.row_edits import RowEdit

KEYS = tuple(range(5)) + tuple(2**64 - 1 - number for number in range(5))
SOURCE = ("a", "b", "c")
NAMES = (*SOURCE, "d", "e", "f")
keys_of_rows = st.lists(st.sampled_from(KEYS), min_size=1, max_size=6)


@dataclass
class Row:
    label: str
    excluded: bool = False
    flagged: bool = False
    note: str = ""


@dataclass
class Model:
    """A labelling as a person sees it."""

    names: list[str] = field(default_factory=lambda: list(SOURCE))
    shortcuts: dict[str, str] = field(default_factory=lambda: dict(zip(SOURCE, SHORTCUTS, strict=False)))
    became: dict[str, str] = field(default_factory=lambda: {name: name for name in SOURCE})
    """What the source's labels are called now."""
    rows: dict[int, Row] = field(
        default_factory=lambda: {key: Row(SOURCE[number % 3]) for number, key in enumerate(KEYS)}
    )

    def map(self, mapping: dict[str, str]) -> None:
        kept = {new for new in mapping.values() if new in self.names and mapping.get(new, new) == new}
        names: dict[str, str] = {}
        shortcuts = {name: key for name, key in self.shortcuts.items() if mapping.get(name, name) == name}
        for old, new in mapping.items():
            if new and new not in kept:
                kept.add(new)
                names[old] = new
                shortcuts[new] = self.shortcuts[old]
        self.names = [names.get(name, name) for name in self.names if name in names or mapping.get(name, name) == name]
        self.shortcuts = shortcuts
        self.became = {value: mapping.get(name, name) for value, name in self.became.items()}
        for row in self.rows.values():
            row.label = mapping.get(row.label, row.label)


class JournalMachine(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "labels.sqlite"
        self.journal = Journal.open(self.path, SOURCE)
        self.states = [Model()]
        self.here = 0
        self.versions = [self.states[0]]

    @property
    def model(self) -> Model:
        return self.states[self.here]

    def done(self, model: Model, edited: bool) -> None:
        if not edited:
            assert model == self.model
            return
        self.states[self.here + 1 :] = [model]
        self.here += 1
        self.versions.append(model)

    @rule(keys=keys_of_rows, place=st.integers(0, 9))
    def set_label(self, keys: list[int], place: int) -> None:
        model = copy.deepcopy(self.model)
        name = model.names[place % len(model.names)] if model.names and place else ""
        for key in keys:
            model.rows[key].label = name
        edit = self.journal.set_label(keys, self.journal.label_set().index(name) if name else -1)
        # Setting what a row has by its source is an edit that shows nowhere.
        assert edit is not None or model == self.model
        self.done(model, edit is not None)

    @rule(keys=keys_of_rows)
    def set_back(self, keys: list[int]) -> None:
        model = copy.deepcopy(self.model)
        for key in keys:
            model.rows[key].label = model.became[SOURCE[KEYS.index(key) % 3]]
        self.done(model, self.journal.set_label(keys, None) is not None)

    @rule(keys=keys_of_rows, value=st.booleans(), which=st.sampled_from(["excluded", "flagged"]))
    def mark(self, keys: list[int], value: bool, which: str) -> None:
        model = copy.deepcopy(self.model)
        for key in keys:
            setattr(model.rows[key], which, value)
        change = self.journal.set_excluded if which == "excluded" else self.journal.set_flagged
        self.done(model, change(keys, value) is not None)

    @rule(key=st.sampled_from(KEYS), note=st.sampled_from(["", "12", "ask Ann", "1e3"]))
    def set_note(self, key: int, note: str) -> None:
        model = copy.deepcopy(self.model)
        model.rows[key].note = note
        self.done(model, self.journal.set_note(key, note) is not None)

    @rule(data=st.data())
    def map_labels(self, data: st.DataObject) -> None:
        if not self.model.names:
            return
        olds = data.draw(st.lists(st.sampled_from(self.model.names), unique=True, min_size=1))
        mapping = {old: data.draw(st.sampled_from((*NAMES, ""))) for old in olds}
        model = copy.deepcopy(self.model)
        model.map(mapping)
        self.done(model, self.journal.map_labels(mapping) is not None)

    @rule(name=st.sampled_from(NAMES))
    def add_label(self, name: str) -> None:
        if name in self.model.names:
            return
        model = copy.deepcopy(self.model)
        model.names.append(name)
        model.shortcuts[name] = next(key for key in SHORTCUTS if key not in self.model.shortcuts.values())
        self.done(model, self.journal.add_label(name) is not None)

    @rule(data=st.data())
    def reorder(self, data: st.DataObject) -> None:
        model = copy.deepcopy(self.model)
        model.names = data.draw(st.permutations(model.names))
        # The journal may renumber positions though the order stays.
        self.done(model, self.journal.reorder(model.names) is not None)

    @rule(data=st.data(), key=st.sampled_from(SHORTCUTS))
    def set_shortcut(self, data: st.DataObject, key: str) -> None:
        if not self.model.names:
            return
        model = copy.deepcopy(self.model)
        name = data.draw(st.sampled_from(model.names))
        holder = next((other for other, taken in model.shortcuts.items() if taken == key), name)
        model.shortcuts[holder], model.shortcuts[name] = model.shortcuts[name], key
        self.done(model, self.journal.set_shortcut(name, key) is not None)

    @rule(steps=st.integers(1, 4))
    def undo(self, steps: int) -> None:
        for _ in range(steps):
            assert (self.journal.undo() is not None) == (self.here > 0)
            if self.here:
                self.here -= 1
                self.versions.append(self.model)

    @rule(steps=st.integers(1, 4))
    def redo(self, steps: int) -> None:
        for _ in range(steps):
            possible = self.here < len(self.states) - 1
            assert (self.journal.redo() is not None) == possible
            if possible:
                self.here += 1
                self.versions.append(self.model)

    @rule()
    def undo_all_and_redo_all(self) -> None:
        self.undo(self.here + 1)
        self.check()
        assert self.model == Model()
        self.redo(len(self.states))
        self.check()

    @rule()
    def reopen(self) -> None:
        self.journal.close()
        self.journal = Journal.open(self.path, SOURCE)

    @precondition(lambda self: len(self.versions) > 1)
    @rule(data=st.data())
    def look_back(self, data: st.DataObject) -> None:
        version = data.draw(st.integers(0, len(self.versions) - 1))
        # Of the notes of old only whether there was one can be seen.
        then = self.versions[version]
        notes = {key: row.note for key, row in then.rows.items()}
        assert seen(*self.journal.state_at(version), notes) == then

    @invariant()
    def check(self) -> None:
        assert self.journal.version == len(self.versions) - 1
        assert self.journal.edit_count == self.here
        assert seen(self.journal.label_set(), self.journal.overrides(), self.journal.notes()) == self.model
        assert set(self.journal.latest().tolist()) == {
            row.key
            for row in self.journal.overrides()
            if row.label is not None or row.excluded or row.flagged or row.noted
        }

    def teardown(self) -> None:
        self.journal.close()
        self.folder.cleanup()


def seen(label_set: LabelSet, overrides: list[RowEdit], notes: dict[int, str]) -> Model:
    """What the journal says, in the model's words."""
    named = {label.id: label.name for label in label_set.labels}
    rows = {key: Row(named.get(label_set.active(number % 3), "")) for number, key in enumerate(KEYS)}
    for edit in overrides:
        if edit.label is not None:
            rows[edit.key].label = named.get(label_set.active(edit.label), "")
        rows[edit.key].excluded, rows[edit.key].flagged = edit.excluded, edit.flagged
        rows[edit.key].note = notes.get(edit.key, "") if edit.noted else ""
    became = {value: named.get(label_set.active(number), "") for number, value in enumerate(SOURCE)}
    return Model(list(label_set.names), {label.name: label.shortcut for label in label_set.labels}, became, rows)


JournalMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestJournal = JournalMachine.TestCase
