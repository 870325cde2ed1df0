"""What a label-set edit changes: pure functions from the labels as they stand to the labels that become others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from tlworkbench.data.label_set import (
    DROPPED,
    MAX_LABELS,
    SHORTCUTS,
    LabelSet,
    StoredLabel,
    checked_name,
    normalised,
    source_name,
)
from tlworkbench.errors import UserError, nearest

Labels = Mapping[int, StoredLabel]


@dataclass(frozen=True)
class Plan:
    """Labels after an edit, only those that differ, and the edit in words."""

    after: tuple[StoredLabel, ...]
    text: str


def mapped(stored: Labels, mapping: Mapping[str, str]) -> Plan:
    """Rename, merge and drop at once; every old name means the label that has it before this edit.

    A target that no label keeps is made by renaming the first label mapped to it; further ones merge into it.
    """
    labels = LabelSet.of(stored.values())
    wanted = {labels.index(old): checked_name(new) if new.strip() else "" for old, new in mapping.items()}
    if len(wanted) < len(mapping):
        raise UserError("a label is mapped twice", "Name each old label once.")
    keeper = {label.name: label.id for label in labels.labels if wanted.get(label.id, label.name) == label.name}
    after: dict[int, StoredLabel] = {}
    words: dict[str, list[str]] = {}
    for old, new in wanted.items():
        before = stored[old]
        shown = labels.labels[labels.class_of[old]].name
        if not new:
            after[old] = msgspec.structs.replace(before, into=DROPPED)
        elif new not in keeper:
            keeper[new] = old
            after[old] = msgspec.structs.replace(before, name=new)
        elif keeper[new] != old:
            after[old] = msgspec.structs.replace(before, into=keeper[new])
        else:
            continue
        words.setdefault(new, []).append(shown)
    text = "; ".join(f"{', '.join(old)} → {new}" if new else f"dropped {', '.join(old)}" for new, old in words.items())
    return Plan(_changed(stored, after), text)


def by_source(stored: Labels, targets: Mapping[str, str]) -> Plan:
    """Give the labels that came with the source's values other names, those of equal names becoming one; "" drops.

    Values are the source's own, whatever became of their labels since. Labels of other values keep the name they show
    as. A name that a label keeps goes to that label, else the first label that wants it is renamed.
    """
    labels = LabelSet.of(stored.values())
    name_of = {label.id: label.name for label in labels.labels}
    known = {label.source: label.id for label in stored.values() if label.source is not None}
    missing = next((value for value in targets if value not in known), None)
    if missing is not None:
        raise UserError(f"the source has no label '{missing}'", nearest(missing, known))
    wanted = dict(name_of)
    for value, number in known.items():
        wanted[number] = checked_name(targets[value]) if targets.get(value, "").strip() else ""
        if value not in targets:
            wanted[number] = name_of.get(labels.active(number), "")
    keeper = {name: number for number, name in name_of.items() if wanted[number] == name}
    after: dict[int, StoredLabel] = {}
    for number in sorted(wanted, key=lambda number: (stored[number].position, number)):
        before, name = stored[number], wanted[number]
        if not name:
            same = labels.active(number) == DROPPED
            after[number] = before if same else msgspec.structs.replace(before, into=DROPPED)
        elif keeper.setdefault(name, number) == number:
            after[number] = msgspec.structs.replace(before, name=before.name if name_of.get(number) == name else name)
            after[number] = msgspec.structs.replace(after[number], into=None)
        elif before.into is None or labels.active(number) != keeper[name] or keeper[name] not in name_of:
            after[number] = msgspec.structs.replace(before, into=keeper[name])
    changed = _changed(stored, _on_free_keys(stored, after))
    return Plan(changed, "")


def added(stored: Labels, names: Sequence[str], first_id: int) -> Plan:
    """Add labels at the end, each on the first free key; raises UserError where one is there already."""
    labels = LabelSet.of(stored.values())
    taken = set(labels.names)
    fresh = []
    for name in map(checked_name, names):
        if name in taken:
            raise UserError(f"label '{name}' is there already", "Choose another name.")
        taken.add(name)
        fresh.append(name)
    after = _appended(stored, [(name, None) for name in fresh], first_id)
    return Plan(after, f"added {', '.join(fresh)}" if fresh else "")


def from_source(stored: Labels, values: Sequence[str], first_id: int) -> tuple[StoredLabel, ...]:
    """Labels for those values of the source that have none yet."""
    known = {label.source for label in stored.values() if label.source is not None}
    missing = [value for value in dict.fromkeys(values) if value not in known]
    return _appended(stored, [(source_name(value), value) for value in missing], first_id)


def reordered(stored: Labels, names: Sequence[str]) -> Plan:
    """Put labels into the given order; labels that are not named follow in the order they have now."""
    labels = LabelSet.of(stored.values())
    front = [labels.index(name) for name in names]
    if len(set(front)) < len(front):
        raise UserError("a label is named twice", "Name each label once.")
    order = front + [label.id for label in labels.labels if label.id not in front]
    after = {old: msgspec.structs.replace(stored[old], position=place) for place, old in enumerate(order)}
    return Plan(_changed(stored, after), f"order {', '.join(normalised(name) for name in names)}")


def with_shortcut(stored: Labels, name: str, key: str) -> Plan:
    """Put a label on a digit key, or on none (""); a label that was on it takes the key that comes free."""
    if key and (len(key) != 1 or key not in SHORTCUTS):
        raise UserError(f"'{key}' can't be a label's key", "Use a digit.")
    labels = LabelSet.of(stored.values())
    label = stored[labels.index(name)]
    freed = labels.labels[labels.class_of[label.id]].shortcut
    after = {label.id: msgspec.structs.replace(label, shortcut=key)}
    holder = labels.by_shortcut(key)
    if holder is not None and holder.id != label.id:
        after[holder.id] = msgspec.structs.replace(stored[holder.id], shortcut=freed)
    return Plan(
        _changed(stored, after), f"key {key} for {normalised(name)}" if key else f"no key for {normalised(name)}"
    )


def _appended(stored: Labels, named: Sequence[tuple[str, str | None]], first_id: int) -> tuple[StoredLabel, ...]:
    if first_id + len(named) > MAX_LABELS:
        raise UserError(
            f"{len(stored) + len(named)} different labels are too many (at most {MAX_LABELS})",
            "Is this column of labels really one? Name another: --label COLUMN.",
        )
    used = {label.shortcut for label in stored.values() if label.into is None}
    free = [key for key in SHORTCUTS if key not in used] + [""] * len(named)
    position = max((label.position for label in stored.values()), default=-1) + 1
    return tuple(
        StoredLabel(first_id + number, name, position + number, free[number], None, source)
        for number, (name, source) in enumerate(named)
    )


def _on_free_keys(stored: Labels, after: Mapping[int, StoredLabel]) -> dict[int, StoredLabel]:
    """Labels that come back, moved off a key that another has meanwhile."""
    whole = {**stored, **after}
    used = {label.shortcut for label in whole.values() if label.into is None and stored[label.id].into is None}
    moved = dict(after)
    for number, label in after.items():
        if label.into is None and stored[number].into is not None:
            key = label.shortcut
            if key in used or not key:
                key = next((free for free in SHORTCUTS if free not in used), "")
            used.add(key)
            moved[number] = msgspec.structs.replace(label, shortcut=key)
    return moved


def _changed(stored: Labels, after: Mapping[int, StoredLabel]) -> tuple[StoredLabel, ...]:
    return tuple(label for label in after.values() if stored.get(label.id) != label)
