"""The ids that training and exports give the classes: 0 to n-1 in the label set's order, whatever became of the set."""

from pathlib import Path

from tlworkbench.data.examples import examples
from tlworkbench.data.journal import Journal
from tlworkbench.data.label_rules import parse_rules
from tlworkbench.data.labelling import Labelling
from tlworkbench.data.rows import Rows
from tlworkbench.data.rows_writer import write_rows

VALUES = ["a", "b", "c", "d", "e"]


def test_class_ids_are_the_places_in_the_label_set_and_stay_until_it_is_edited(tmp_path: Path) -> None:
    columns: dict[str, list[object]] = {"text": [f"text {n}" for n in range(10)], "label": [*VALUES, *VALUES]}
    write_rows(tmp_path / "rows.arrow", {"train": columns}, validation=0)
    rows = Rows.open(tmp_path / "rows.arrow")
    path = tmp_path / "labels.sqlite"

    def classes() -> dict[str, int]:
        """Class id of each name, as a run has them; opened anew, as a run does."""
        with Journal.open(path, rows.meta.label_values) as journal:
            labelling = Labelling(rows, journal)
            found = examples(rows, labelling, "train")
            names = labelling.label_set.names
            assert found.class_names == names
            # Every row's class is its own label's place: contiguous, without a gap for what was merged or dropped.
            assert set(found.classes.tolist()) <= set(range(len(names)))
            for row, number in zip(found.indices.tolist(), found.classes.tolist(), strict=True):
                label = labelling.label_set.get(int(labelling.current[row]))
                assert label is not None and label.name == names[number]
            return {name: number for number, name in enumerate(names)}

    with Journal.open(path, rows.meta.label_values) as journal:
        assert classes() == {"a": 0, "b": 1, "c": 2, "d": 3, "e": 4}
        journal.map_labels({"b": "B", "d": "a"})
        assert classes() == {"a": 0, "B": 1, "c": 2, "e": 3}
        journal.map_labels({"c": ""})
        assert classes() == {"a": 0, "B": 1, "e": 2}
        journal.set_label([int(rows.keys[0])], journal.label_set().index("e"))
        journal.set_shortcut("e", "1")
        assert classes() == {"a": 0, "B": 1, "e": 2}, "neither rows nor keys move classes"
        journal.add_label("new")
        assert classes() == {"a": 0, "B": 1, "e": 2, "new": 3}
        journal.reorder(["new", "e"])
        assert classes() == {"new": 0, "e": 1, "a": 2, "B": 3}
        journal.map_by_rule(parse_rules("a=low; b=low; *=high"))
        assert classes() == {"new": 0, "high": 1, "low": 2}
        for _ in range(journal.edit_count):
            journal.undo()
        assert classes() == {"a": 0, "b": 1, "c": 2, "d": 3, "e": 4}
