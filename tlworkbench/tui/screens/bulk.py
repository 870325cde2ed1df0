"""One edit for many rows."""

from collections.abc import Sequence

from tlworkbench.data.journal import Journal
from tlworkbench.data.label_set import LabelSet
from tlworkbench.data.row_edits import Edit
from tlworkbench.tui.screens.choose import Choose, Entry
from tlworkbench.tui.text import counted
from tlworkbench.tui.themes import Look
from tlworkbench.tui.widgets.label_bar import LabelCount

LABEL = "label:"
UNMARK = "unmark"
_WORDS = {
    "unlabel": "take their label away",
    "source": "bring back what the source said",
    "exclude": "leave them out of training",
    "include": "use them in training again",
    "flag": "flag them for later",
    "unflag": "take the flag away",
}


def bulk_dialog(rows: int, which: str, labels: Sequence[LabelCount], look: Look, *, marks: bool) -> Choose:
    """A dialog that closes with what `do_bulk` takes. `which`: which rows they are; `marks`: marked ones."""
    entries = [
        Entry(f"{LABEL}{label.name}", label.name, label.key, "label", look.label(n)) for n, label in enumerate(labels)
    ]
    entries += [
        Entry("unlabel", "no label", "-", _WORDS["unlabel"]),
        Entry("source", "label of the source", "", _WORDS["source"]),
        Entry("exclude", "exclude", "x", _WORDS["exclude"]),
        Entry("include", "take in again", "", _WORDS["include"]),
        Entry("flag", "flag", "f", _WORDS["flag"]),
        Entry("unflag", "no flag", "", _WORDS["unflag"]),
    ]
    if marks:
        entries.append(Entry(UNMARK, "forget the marks", "", "change nothing"))
    return Choose(f"{counted(rows, 'row')} {which}", entries)


def said_as(what: str) -> str:
    """What was chosen, in words."""
    return _WORDS.get(what) or f"label them {what.removeprefix(LABEL)}"


def do_bulk(journal: Journal, labels: LabelSet, keys: Sequence[int], what: str) -> Edit | None:
    """Make the edit that was chosen; raises UserError."""
    match what:
        case "unlabel":
            return journal.set_label(keys, -1, "bulk")
        case "source":
            return journal.set_label(keys, None, "bulk")
        case "exclude" | "include":
            return journal.set_excluded(keys, what == "exclude", "bulk")
        case "flag" | "unflag":
            return journal.set_flagged(keys, what == "flag", "bulk")
        case _:
            return journal.set_label(keys, labels.index(what.removeprefix(LABEL)), "bulk")
