"""A dataset, and runs on it as their folders would tell of them."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from tlworkbench.data.labelling import Labelling
from tlworkbench.data.run_examples import LabelledKeys, RunExamples, write_examples
from tlworkbench.data.trainable import draw_training_rows
from tlworkbench.jobs.events import ClassFigures, Evaluated, Event, Finished, Started, Step, TrainingBegan, encode
from tlworkbench.jobs.folder import JobFolder, create_job
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.state import JobState, write_state
from tlworkbench.workspace import Workspace, open_workspace

LABELS = ("bad", "good", "so so")
TRAIN, VALIDATION = 12, 6
MakeRun: TypeAlias = Callable[..., JobFolder]


@pytest.fixture
def dataset() -> Workspace:
    """Twelve rows to train on and six to validate on, of three classes in turn."""
    from tlworkbench.data.rows_writer import write_rows

    workspace = open_workspace("compared", create=True)
    columns = {
        split: {"text": [f"{split} row {n}" for n in range(count)], "label": [LABELS[n % 3] for n in range(count)]}
        for split, count in (("train", TRAIN), ("validation", VALIDATION))
    }
    write_rows(workspace.rows_file, columns, text=("text",), label="label")
    workspace.update(source="rows.csv")
    return workspace


@pytest.fixture
def make_run(dataset: Workspace) -> MakeRun:
    """`make_run(wrong=(0, 3), epochs=2.0, …)`: a run that has ended, on the labels as they are now.

    wrong: places among its validation rows, in the rows' order, that it answered with the class after the right one.
    Further settings are those of its job.toml.
    """

    def make(wrong: Sequence[int] = (), status: str = "done", steps: int = 4, **settings: object) -> JobFolder:
        spec = msgspec.convert({"kind": "train", "model": "bundled", **settings}, TrainSpec)
        job = create_job(dataset.jobs_dir, spec, "made")
        rows = dataset.rows()
        with dataset.journal(rows) as journal:
            labelling = Labelling(rows, journal)
            drawn = draw_training_rows(rows, labelling, spec.max_train_rows, spec.max_eval_rows, spec.seed)
            names, version = labelling.label_set.names, labelling.version
        parts = [LabelledKeys(rows.keys[part.indices], part.classes) for part in (drawn.train, drawn.validation)]
        write_examples(job.path, RunExamples(names, version, parts[0], parts[1]))
        truth = drawn.validation.classes[order := np.argsort(drawn.validation.indices)]
        answers = truth.copy()
        answers[list(wrong)] = (answers[list(wrong)] + 1) % len(names)
        keys = rows.keys[drawn.validation.indices[order]]
        if status == "done":
            write_answers(job, keys, truth, answers, names)
        (job.path / "run.json").write_bytes(msgspec.json.encode({"device": "a fake", "versions": {"torch": "2"}}))
        write_events(job, status, names, steps, right=1 - len(wrong) / len(truth), rows=len(parts[0]))
        return job

    return make


def write_answers(job: JobFolder, keys: object, truth: object, answers: object, names: tuple[str, ...]) -> None:
    dictionary = pa.array(names, pa.string())
    table = pa.table(
        {
            "key": pa.array(keys, pa.uint64()),
            "class": pa.DictionaryArray.from_arrays(pa.array(truth, pa.int32()), dictionary),
            "answer": pa.DictionaryArray.from_arrays(pa.array(answers, pa.int32()), dictionary),
            "score": pa.array(np.full(len(pa.array(keys)), 0.9), pa.float32()),
        }
    )
    with pa.ipc.new_file(str(job.path / "predictions.arrow"), table.schema) as writer:
        writer.write_table(table)


def write_events(
    job: JobFolder, status: str, names: tuple[str, ...], steps: int, right: float, rows: int, at: float = 1000.0
) -> None:
    """`steps` steps in two epochs, measured after each; it took two seconds a step."""
    training = TrainingBegan(
        at=at + 1, classes=names, train_rows=rows, eval_rows=VALIDATION, total_steps=steps, epochs=2.0, batch_size=8,
        max_length=64, precision="fp32",
    )  # fmt: skip
    events: list[Event] = [Started(at=at, kind="train", pid=1, device="a fake"), training]
    for n in range(1, steps + 1):
        epoch = 2 * n / steps
        events.append(Step(at=at + 2 * n, step=n, epoch=epoch, loss=2.0 / n, learning_rate=1e-4, examples_per_second=9))
        if epoch in (1.0, 2.0):
            score = right if epoch == 2.0 else right / 2
            per_class = tuple(ClassFigures(name, score, score, score, 2) for name in names)
            scores: dict[str, Any] = {"accuracy": score, "macro_f1": score, "loss": 1 - score / 2}
            measured: dict[str, Any] = {"split": "validation", "per_class": per_class, "confusion": (), "best": True}
            events.append(Evaluated(at=at + 2 * n, step=n, epoch=epoch, **scores, **measured))
    if status in ("done", "stopped"):
        result = {"seconds": 2.0 * steps, "examples_per_second": 9.5}
        events.append(Finished(at=at + 2 * steps, status=status, what="ended", result=result))  # type: ignore[arg-type]
    job.events_file.write_bytes(b"".join(map(encode, events)))
    write_state(job.state_file, JobState(status=status, what="ended"))  # type: ignore[arg-type]
