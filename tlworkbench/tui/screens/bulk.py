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


def bulk_dialog(rows: int, which: str, labels: Sequence[LabelCount], look: Look) -> Choose:
    """A dialog that closes with what `do_bulk` takes. `which` says which rows they are."""
    entries = [
        Entry(f"{LABEL}{label.name}", label.name, label.key, "label", look.label(n)) for n, label in enumerate(labels)
    ]
    entries += [
        Entry("unlabel", "no label", "-", "take their label away"),
        Entry("source", "label of the source", "", "bring back what the source said"),
        Entry("exclude", "exclude", "x", "leave them out of training"),
        Entry("include", "take in again", "", "use them in training again"),
        Entry("flag", "flag", "f", "for later"),
        Entry("unflag", "no flag", "", "take the flag away"),
        Entry(UNMARK, "forget the marks", "", "change nothing"),
    ]
    return Choose(f"{counted(rows, 'row')} {which}", entries)


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
