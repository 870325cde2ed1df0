"""One run beside another: what both were measured on, their answers, and the way from one's rows to the other's."""

from dataclasses import dataclass

from tlworkbench.comparison.answers import SharedAnswers, shared_answers
from tlworkbench.comparison.class_names import renamed
from tlworkbench.comparison.dataset import Dataset
from tlworkbench.comparison.run_files import RunFiles
from tlworkbench.comparison.training_rows import RowChanges, ValidationRows, row_changes, validation_rows
from tlworkbench.errors import UserError


@dataclass(frozen=True, eq=False)
class Pair:
    """One run beside the first one, the reference."""

    reference: str
    run: str
    validation: ValidationRows | None
    """None where one of the two has not kept its rows, or not begun."""
    answers: SharedAnswers | None
    no_answers: str
    """Why there are none."""
    changes: RowChanges | None
    problems: tuple[str, ...] = ()


def set_beside(first: RunFiles, second: RunFiles, dataset: Dataset | None, problem: str) -> Pair:
    """Compare two runs. dataset: None where it can't be read, for the reason in `problem`."""
    names = first.job.run, second.job.run
    if first.rows is None or second.rows is None:
        missing = next(files for files in (first, second) if files.rows is None)
        why = f"{missing.job.run} has not kept which rows it used"
        return Pair(*names, None, None, why, None)
    problems = [problem] if problem else []
    try:
        renaming = renamed(first.rows, second.rows, dataset.journal if dataset is not None else None)
        changes = row_changes(first, second, renaming, dataset)
    except UserError as error:  # The journal is not the one that these runs began with.
        problems.append(error.what)
        renaming = renamed(first.rows, second.rows, None)
        changes = row_changes(first, second, renaming, None)
    answers, why = None, _no_answers(first, second)
    if first.answers is not None and second.answers is not None:
        answers = shared_answers(first.answers, second.answers, renaming)
        why = "" if answers is not None else "they were measured on no row in common"
    return Pair(*names, validation_rows(first.rows, second.rows, renaming), answers, why, changes, tuple(problems))


def _no_answers(first: RunFiles, second: RunFiles) -> str:
    without = [files.job.run for files in (first, second) if files.answers is None]
    return f"{' and '.join(without)} kept no answers yet: a run does when it is done" if without else ""
