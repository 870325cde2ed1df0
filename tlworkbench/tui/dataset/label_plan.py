"""What a label set is to become: a value that the dialog shows before anything is changed."""

from dataclasses import dataclass, replace

from tlworkbench.errors import UserError


@dataclass(frozen=True)
class PlannedLabel:
    """One label: what it is called now, what it is to be called, and how many rows it has."""

    old: str
    """Empty for a label that is to be added."""
    new: str
    """The same name as another's merges the two; empty drops the label, its rows are then without one."""
    rows: int
    key: str = ""
    """The digit it is to be on; empty for none."""
    first_key: str = ""
    """The digit it is on now."""

    @property
    def changed(self) -> bool:
        """Whether its name or what it stands for is to change."""
        return self.old != self.new


@dataclass(frozen=True)
class LabelPlan:
    """All labels in the order they are to have. Every method returns another plan."""

    labels: tuple[PlannedLabel, ...]
    first: tuple[str, ...]
    """Names in the order of before."""
    rules: str = ""
    """Rules on the source's values that are to be carried out, in place of all else."""

    @classmethod
    def of(cls, labels: list[tuple[str, int, str]]) -> "LabelPlan":
        """From (name, rows, key), nothing changed yet."""
        return cls(
            tuple(PlannedLabel(name, name, rows, key, key) for name, rows, key in labels), tuple(x[0] for x in labels)
        )

    def renamed(self, place: int, name: str) -> "LabelPlan":
        """Give a label another name."""
        return self._with(place, replace(self.labels[place], new=name.strip()))

    def merged(self, place: int) -> "LabelPlan":
        """Merge a label into the one above it that is kept."""
        above = next((label.new for label in reversed(self.labels[:place]) if label.new), "")
        if not above:
            raise UserError("there is no label above to merge into", "Move it down with J, or rename it.")
        return self.renamed(place, above)

    def dropped(self, place: int) -> "LabelPlan":
        """Drop a label, or keep it after all."""
        label = self.labels[place]
        if not label.old:
            return replace(self, labels=self.labels[:place] + self.labels[place + 1 :])
        return self.renamed(place, "" if label.new else label.old)

    def restored(self, place: int) -> "LabelPlan":
        """Leave a label as it is."""
        return self.renamed(place, self.labels[place].old or self.labels[place].new)

    def added(self, name: str) -> "LabelPlan":
        """Add a label at the end."""
        if name in {label.new for label in self.labels}:
            raise UserError(f"label '{name}' is there already", "Choose another name.")
        return replace(self, labels=(*self.labels, PlannedLabel("", name.strip(), 0)))

    def moved(self, place: int, by: int) -> "LabelPlan":
        """Move a label up (-1) or down (1)."""
        labels = list(self.labels)
        target = place + by
        if 0 <= target < len(labels):
            labels[place], labels[target] = labels[target], labels[place]
        return replace(self, labels=tuple(labels))

    def keyed(self, place: int, key: str) -> "LabelPlan":
        """Put a label on a digit ("" for none); the label that was on it takes the key that comes free."""
        freed = self.labels[place].key
        labels = [replace(label, key=freed) if key and label.key == key else label for label in self.labels]
        labels[place] = replace(labels[place], key=key)
        return replace(self, labels=tuple(labels))

    @property
    def changed(self) -> bool:
        """Whether anything is to happen."""
        return bool(self.mapping() or self.additions() or self.order() or self.new_keys())

    def after(self) -> list[tuple[str, int]]:
        """Names and rows as they will be, in order."""
        rows: dict[str, int] = {}
        for label in self.labels:
            if label.new:
                rows[label.new] = rows.get(label.new, 0) + label.rows
        return list(rows.items())

    def without(self) -> int:
        """Rows that lose their label."""
        return sum(label.rows for label in self.labels if not label.new)

    def mapping(self) -> dict[str, str]:
        """Old names to new ones, as `Journal.map_labels` takes them."""
        return {label.old: label.new for label in self.labels if label.old and label.changed}

    def new_keys(self) -> list[tuple[str, str]]:
        """Names, as they will be, and keys of the labels that are to be on another one."""
        return [(label.new, label.key) for label in self.labels if label.new and label.key != label.first_key]

    def additions(self) -> tuple[str, ...]:
        """Labels to add."""
        kept = {label.new for label in self.labels if label.old}
        return tuple(dict.fromkeys(label.new for label in self.labels if not label.old and label.new not in kept))

    def order(self) -> tuple[str, ...]:
        """Names in the order they are to have; empty where that comes about by itself."""
        wanted = tuple(name for name, _ in self.after())
        new = {label.old: label.new for label in self.labels if label.old}
        natural = tuple(dict.fromkeys(name for old in self.first if (name := new[old])))
        return () if wanted == natural + self.additions() else wanted

    def _with(self, place: int, label: PlannedLabel) -> "LabelPlan":
        return replace(self, labels=(*self.labels[:place], label, *self.labels[place + 1 :]))
