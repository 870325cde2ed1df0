"""The one table of checks: the command, the dialog and README read it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tlworkbench.data.checks import classes, repeats, texts
from tlworkbench.data.checks.found import Found
from tlworkbench.data.checks.subject import Subject

Unit = Literal["row", "text", "group", "class"]
MANY: dict[Unit, str] = {"row": "rows", "text": "texts", "group": "groups", "class": "classes"}
Severity = Literal["fault", "doubt", "note"]
Fix = Literal["majority", "leave"]
MAJORITY: Fix = "majority"
"""Every copy of a text gets the label that most of its copies have."""
LEAVE: Fix = "leave"
"""The training rows leave the training split."""


@dataclass(frozen=True)
class Check:
    """One thing to look for."""

    id: str
    title: str
    """What was found, in a few words."""
    unit: Unit
    """What the count counts."""
    severity: Severity
    """fault: results can't be trusted; doubt: worth a look; note: good to know."""
    advice: str
    """What it means and what to do."""
    find: Callable[[Subject], Found]
    """Its docstring says exactly what counts."""
    fix: Fix | None = None
    slow: bool = False
    """Whether it looks at every pair of texts that might be alike."""

    @property
    def rule(self) -> str:
        """What exactly counts."""
        return (self.find.__doc__ or "").strip()


CHECKS: tuple[Check, ...] = (
    Check(
        "conflicts", "same text, different labels", "text", "fault",
        "A model can't learn what the labels disagree on: look at them, or let the majority decide.",
        repeats.conflicts, MAJORITY,
    ),
    Check(
        "near_conflicts", "near texts, different labels", "group", "doubt",
        "Retweets and rewordings that were labelled apart: put those right that mean the same.",
        repeats.near_conflicts, slow=True,
    ),
    Check(
        "leaks", "leaks into training", "row", "fault",
        "Scores on rows that were trained on are too good: take the copies out of training.",
        repeats.leaks, LEAVE,
    ),
    Check(
        "near_leaks", "near leaks into training", "row", "doubt",
        "Scores on them may be too good: look, then take them out of training.",
        repeats.near_leaks, LEAVE, slow=True,
    ),
    Check(
        "empty", "empty texts", "row", "fault",
        "Training leaves them out: exclude them, or look into the source.",
        texts.empty,
    ),
    Check(
        "unlabelled", "rows without a label", "row", "note",
        "Training leaves them out until they are labelled.",
        classes.unlabelled,
    ),
    Check(
        "duplicates", "exact duplicates", "row", "doubt",
        "Copies weigh more than other rows: exclude them where that is not meant.",
        repeats.duplicates, MAJORITY,
    ),
    Check(
        "near_duplicates", "near duplicates", "text", "note",
        "Retweets, templates, other spellings: look whether they have the same label.",
        repeats.near_duplicates, slow=True,
    ),
    Check(
        "rare", "rare classes", "class", "doubt",
        "Too few rows to learn from: label more of them, or merge the class into another.",
        classes.rare,
    ),
    Check(
        "unmeasured", "classes not in validation", "class", "doubt",
        "Nobody will know how well they are learnt: label some rows of the validation split.",
        classes.unmeasured,
    ),
    Check(
        "uneven", "small classes", "class", "note",
        "Accuracy hides how small classes fare: go by macro-F1.",
        classes.uneven,
    ),
    Check(
        "too_long", "longer than the model reads", "row", "note",
        "Training cuts them there: set max_length higher, or let the beginning suffice.",
        texts.too_long,
    ),
    Check(
        "replaced", "lost characters (U+FFFD)", "row", "doubt",
        "The source was read in another encoding than it was written in; what is lost is lost here.",
        texts.holding("replaced", "the character U+FFFD"),
    ),
    Check(
        "mojibake", "garbled characters (â€™, Ã©)", "row", "doubt",
        "UTF-8 that was once read as Windows-1252: convert the source again.",
        texts.holding("mojibake", "bytes of UTF-8 read as Windows-1252 or Latin-1"),
    ),
    Check(
        "control", "control characters", "row", "note",
        "Bytes that no one meant as text: clean the source.",
        texts.holding("control", "control characters other than tabs and line breaks"),
    ),
    Check(
        "escapes", r"literal escapes (\u2019)", "row", "note",
        "The model reads the code, not the character: decode them in the source.",
        texts.holding("escapes", "\\u, \\U or \\x with hex digits after it"),
    ),
    Check(
        "tags", "HTML tags", "row", "note",
        "They take tokens and mean nothing: strip them in the source.",
        texts.holding("tags", "a tag of HTML"),
    ),
    Check(
        "entities", "HTML entities (&amp;)", "row", "note",
        "The model reads the code, not the character: decode them in the source.",
        texts.holding("entities", "a named or numbered entity of HTML"),
    ),
)  # fmt: skip
BY_ID = {check.id: check for check in CHECKS}


def run_checks(subject: Subject, checks: Sequence[Check] = CHECKS) -> Iterator[tuple[Check, Found]]:
    """Each check with what it found, one after another, what takes longest last."""
    for check in sorted(checks, key=lambda check: check.slow):
        yield check, check.find(subject)
