"""Predicting a file into a file."""

from collections.abc import Callable
from pathlib import Path

from tlworkbench import atomic
from tlworkbench.errors import UserError
from tlworkbench.inference.batch_sources import BatchSource, Record, text_of
from tlworkbench.inference.batch_targets import check_target, open_target
from tlworkbench.inference.classifier import Classifier, Floats, softmax


class Cancelled(Exception):
    """The one who asked for the predictions no longer wants them; nothing was written."""


def predict_file(
    classifier: Classifier,
    source: Path,
    target: Path,
    *,
    column: str = "",
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> int:
    """Predict every record of `source` into `target`, in order; returns the number of records.

    source: .txt (a text a line), .csv, .tsv, .jsonl or .parquet. target: .csv, .jsonl or .parquet; holds the source's
    columns, `prediction`, `score` and a column of probabilities for each label (`p_positive`); it appears only when
    it is complete. column: the text's, or several with commas between; found by itself when empty. progress hears
    rows done and rows in all. Memory does not grow with the file.

    Raises UserError for what can't be read or written, Cancelled soon after `cancelled()` is true.
    """
    kind = check_target(target, source)
    opened = BatchSource.open(source)
    columns = opened.text_columns(column)
    answers = _Answers(classifier, opened)
    done = 0

    def count(rows: int) -> None:
        nonlocal done
        done += rows
        if progress is not None:
            progress(done, opened.rows)
        if cancelled():
            raise Cancelled

    try:
        with (
            atomic.replacing(target) as temporary,
            open_target(temporary, kind, opened, answers.columns) as out,
        ):
            for records in opened.chunks():
                logits = classifier.logits([text_of(record, columns) for record in records], count)
                out.write(answers.join(records, logits))
    except OSError as error:
        raise UserError(
            f"{target} could not be written: {error.strerror or error}", "Free some space or check the folder's rights."
        ) from error
    return done


class _Answers:
    """The columns that predictions add to a file; underscores keep their names apart from those that are there."""

    def __init__(self, classifier: Classifier, source: BatchSource) -> None:
        names = ["prediction", "score", *(f"p_{label}" for label in classifier.labels)]
        while set(names) & set(source.columns):
            names = [f"{name}_" for name in names]
        self._labels = classifier.labels
        self._names = names
        self.columns: dict[str, type] = {name: str if index == 0 else float for index, name in enumerate(names)}

    def join(self, records: list[Record], logits: Floats) -> list[Record]:
        joined = []
        for record, row in zip(records, softmax(logits).tolist(), strict=True):
            best = max(range(len(row)), key=row.__getitem__)
            joined.append({**record, **dict(zip(self._names, [self._labels[best], row[best], *row], strict=True))})
        return joined
