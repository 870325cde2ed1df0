"""Which of a checkpoint's classes are which of the label set's: told by their names, without loading it."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tlworkbench.engine.choice import listed
from tlworkbench.engine.metrics import Ints
from tlworkbench.errors import UserError

_NAMELESS = re.compile(r"LABEL_\d+")
_WAYS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("as they are", lambda name: name),
    ("without regard to case", str.casefold),
    ("by their letters and digits alone", lambda name: re.sub(r"[\W_]+", "", name.casefold())),
)
"""How names are compared, from the strictest on."""


@dataclass(frozen=True)
class Matched:
    """A checkpoint's classes under the names they have here."""

    names: tuple[str, ...]
    """In the order of the checkpoint's outputs."""
    classes: Ints
    """The rows' classes as indices into them."""
    words: str
    """How they were matched."""


def match_labels(labels: Sequence[str], known: Sequence[str], classes: Ints, shown_as: str) -> Matched:
    """Find the class names of a checkpoint in the label set; each stands for one label at most.

    labels: the label set; classes: index into it. Names are compared as they are, then ever less strictly. The
    checkpoint may know more classes than the label set: answers with those count as wrong. Raises UserError where it
    lacks one that has rows.
    """
    places, way = _places(labels, known)
    missing = [labels[number] for number in np.unique(classes) if places[number] < 0]
    if missing:
        answers = f"answers {listed(known)}" if known else "names no classes"
        raise UserError(
            f"{shown_as} does not know {listed([repr(name) for name in missing])}: it {answers}",
            "Train on the labels as they are now, or measure it with the labels of its time (journal_version).",
        )
    # Shown under the names they have here.
    names = list(known)
    for label, place in zip(labels, places.tolist(), strict=True):
        if place >= 0:
            names[place] = label
    return Matched(tuple(names), places[classes], _told(labels, known, places, way))


def label_names(folder: Path) -> tuple[str, ...]:
    """Class names in a checkpoint's config.json, in the order of its outputs; empty where it names none."""
    try:
        document = json.loads((folder / "config.json").read_bytes())
        named = {int(number): str(name) for number, name in (document.get("id2label") or {}).items()}
    except (OSError, ValueError, AttributeError):
        return ()
    return tuple(named[number] for number in sorted(named))


def unfit_head(folder: Path, labels: Sequence[str], classes: Ints) -> str:
    """Why a checkpoint can't be measured as it is on rows of these classes; empty where it can."""
    known = label_names(folder)
    if not _has_head(folder):
        return "no head"
    try:
        match_labels(labels, known, classes, "")
    except UserError:
        if not known or all(_NAMELESS.fullmatch(name) for name in known):
            return "its classes have no names, so nothing tells which is which"
        places, _ = _places(labels, known)
        missing = [labels[number] for number in np.unique(classes) if places[number] < 0]
        return f"its head answers {listed(known)}, not {listed(missing)}"
    return ""


def _places(labels: Sequence[str], known: Sequence[str]) -> tuple[Ints, str]:
    """Place of each label among the known names, -1 where there is none, and the least strict way it took."""
    places = np.full(len(labels), -1, np.int64)
    hardest = _WAYS[0][0]
    for words, simpler in _WAYS:
        wanted = _by_name(labels, np.flatnonzero(places < 0).tolist(), simpler)
        free = _by_name(known, [number for number in range(len(known)) if number not in places], simpler)
        for name, numbers in wanted.items():
            # Two that fit are one too many to be sure.
            if name and len(numbers) == len(free.get(name, ())) == 1:
                places[numbers[0]] = free[name][0]
                hardest = words
    return places, hardest


def _by_name(names: Sequence[str], numbers: Sequence[int], simpler: Callable[[str], str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number in numbers:
        found.setdefault(simpler(names[number]), []).append(number)
    return found


def _told(labels: Sequence[str], known: Sequence[str], places: Ints, way: str) -> str:
    pairs = [(known[place], label) for label, place in zip(labels, places.tolist(), strict=True) if place >= 0]
    renamed = listed([f"{theirs} is {ours}" for theirs, ours in pairs if theirs != ours])
    words = f"names of {len(pairs)} classes matched {way}" + (f" ({renamed})" if renamed else "")
    unknown = [name for number, name in enumerate(known) if number not in places]
    return words + (f"; it also answers {listed(unknown)}, which counts as wrong" if unknown else "")


def _has_head(folder: Path) -> bool:
    try:
        architectures = json.loads((folder / "config.json").read_bytes()).get("architectures")
    except (OSError, ValueError, AttributeError):
        return False
    names = architectures if isinstance(architectures, list) else []
    return any(str(name).endswith("ForSequenceClassification") for name in names)
