"""Which rows a job learns from or measures on: labels as they stood at a version of the journal."""

from collections.abc import Sequence
from dataclasses import dataclass

from tlworkbench.data.examples import Examples
from tlworkbench.data.labelling import Labelling
from tlworkbench.data.rows import Rows
from tlworkbench.data.run_examples import Keys, LabelledKeys, RunExamples
from tlworkbench.data.trainable import TrainingRows, draw_training_rows
from tlworkbench.errors import UserError
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.workspace import Workspace


@dataclass(frozen=True)
class Chosen:
    """What a run is to learn, and the draw it comes from."""

    examples: RunExamples
    drawn: TrainingRows
    labelling: Labelling


def labelling_at(workspace: Workspace, rows: Rows, version: int | None) -> Labelling:
    """The labels as they stood at a version of the journal, or as they are now."""
    journal = workspace.journal(rows)
    return Labelling(rows, journal) if version is None else Labelling.at(rows, journal, version)


def choose_examples(workspace: Workspace, rows: Rows, spec: TrainSpec) -> Chosen:
    """Draw a run's training and validation rows."""
    labelling = labelling_at(workspace, rows, spec.journal_version)
    drawn = draw_training_rows(rows, labelling, spec.max_train_rows, spec.max_eval_rows, spec.seed)
    chosen = RunExamples(
        class_names=labelling.label_set.names,
        journal_version=labelling.version,
        train=_labelled(rows, drawn.train),
        validation=_labelled(rows, drawn.validation),
    )
    return Chosen(chosen, drawn, labelling)


def texts_of(rows: Rows, keys: Keys) -> list[str]:
    """Texts by row key; raises UserError where rows that the run began with are gone."""
    found = rows.indices_of(keys)
    missing = int((found < 0).sum())
    if missing:
        raise UserError(
            f"{missing} of the {len(keys)} rows this run began with are no longer in the dataset",
            "Open the source as it was, or start a new run.",
        )
    return rows.texts(found.tolist())


def _labelled(rows: Rows, drawn: Examples) -> LabelledKeys:
    return LabelledKeys(rows.keys[drawn.indices], drawn.classes)


def listed(names: Sequence[str]) -> str:
    """`a, b, c` with an end after the eighth."""
    return ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
