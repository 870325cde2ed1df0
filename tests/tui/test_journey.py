"""The whole loop by keys, with a fake engine: open a dataset, put labels right, choose, train, export, predict."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from tlworkbench.jobs.folder import list_jobs
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.tui.app import Workbench
from tlworkbench.workspace import Workspace

Until = Callable[..., Awaitable[None]]
Lines = Callable[[App[Any]], list[str]]
Engine = Callable[[str], None]

# One engine for every kind of job: each does what the real one leaves behind, without torch.
ENGINE = """
sys.path.insert(0, ROOT)
from tlworkbench.jobs.folder import find_job
if context.job.kind == "import":
    from tlworkbench.data.rows_writer import write_rows
    texts = [line.rsplit(",", 1) for line in Path(spec.source).read_text().splitlines()[1:]]
    part = lambda rows: {"text": [text for text, _ in rows], "label": [label for _, label in rows]}
    meta = write_rows(context.workspace / "rows.arrow",
        {"train": part(texts[:3]), "validation": part(texts[3:])}, source=spec.source)
    context.progress("importing tweets.csv", len(texts), len(texts))
    done(rows=len(texts), splits={"train": len(texts)}, columns={"text": ["text"], "label": "label"},
        labels={name: 0 for name in meta.label_values})
elif context.job.kind == "train":
    context.emit(TrainingBegan(classes=("negative", "neutral", "positive"), train_rows=8, eval_rows=4, total_steps=20,
        epochs=1, batch_size=8, max_length=64, precision="fp32"))
    for n in range(1, 21):
        context.emit(Step(step=n, epoch=n / 20, loss=1 / n, learning_rate=1e-4, examples_per_second=70))
    context.emit(Evaluated(step=20, epoch=1, split="validation", loss=.4, accuracy=.75, macro_f1=.7, best=True,
        confusion=((1, 0, 0), (0, 1, 0), (0, 1, 1)), per_class=tuple(
            ClassFigures(name, .7, .7, .7, 1) for name in ("negative", "neutral", "positive"))))
    context.job.model_dir.mkdir()
    (context.job.model_dir / "config.json").write_text("{}")
    done(best={"macro_f1": .7, "accuracy": .75}, seconds=1.0, examples_per_second=70.0)
else:
    from tests.tui.predict_bundles import write_bundle
    write_bundle(find_job(context.job.path.parent, spec.run, "train"))
    done(run=spec.run, verdict="ready", default="int8", variants={}, parity={})
"""
ROWS = (
    ("still waiting for my refund", "neutral"),
    ("love it when the app works", "positive"),
    ("they moved the launch to friday", "neutral"),
    ("was it so hard to answer one email", "negative"),
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "tweets.csv"
    path.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in ROWS))
    return path


@pytest.fixture
def fake(engine: Engine) -> Iterator[None]:
    """The engine above."""
    engine(f"ROOT = {str(Path(__file__).parents[2])!r}\n{ENGINE}")
    yield


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
async def test_from_a_file_to_an_answer(
    workspace: Workspace, source: Path, fake: None, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    app = Workbench(workspace)
    async with app.run_test(size=size) as pilot:

        def shows(*words: str) -> Callable[[], bool]:
            return lambda: all(word in "\n".join(lines(app)) for word in words)

        # Data: an empty workspace says how to fill it; a path, and the rows are there.
        await until(pilot, shows("i"))
        await pilot.press("i")
        await until(pilot, lambda: len(app.screen_stack) > 1)
        await type_text(pilot, str(source))
        await pilot.press("enter")
        await until(pilot, shows("row 1 of 4", "still waiting for my refund"))
        await until(pilot, lambda: not shows("so far")())  # Until then the rows can only be looked at.

        # A wrong label put right: one key, on disk, and on to the next row.
        await pilot.press("1")
        await until(pilot, shows("row 2 of 4"))
        labelling = workspace.labelling()
        assert labelling.label_set.names[int(labelling.current[0])] == "negative"

        # Models: the bundled one is chosen.
        await pilot.press("g", "m")
        await until(pilot, shows("bundled"))
        await pilot.press("enter")
        await until(pilot, lambda: workspace.info.model == "bundled")

        # Train: the run takes the labels as they stand, and its figures show.
        await pilot.press("g", "t")
        await until(pilot, lambda: app.current_mode == "train")
        await pilot.press("s")
        await until(pilot, lambda: len(app.screen_stack) > 1)
        await pilot.press("enter")
        await until(pilot, shows("done", ".700"))
        run = list_jobs(workspace.jobs_dir, "train")[-1]
        spec = run.spec()
        assert isinstance(spec, TrainSpec)
        assert (spec.model, spec.journal_version) == ("bundled", workspace.journal().version)

        # Export, and Predict answers with it.
        await pilot.press("e")
        await until(pilot, shows("exported"))
        await pilot.press("g", "p")
        await until(pilot, shows("Say something", f"run {run.run}"))
        await type_text(pilot, "what a good thing")
        await until(pilot, shows("what a good thing", "ms"))
        await pilot.press("enter", "escape")
        await until(pilot, shows("History"))

    # What was done is there again after the next start.
    again = Workbench(workspace)
    async with again.run_test(size=size) as pilot:
        await until(pilot, lambda: again.current_mode == "predict")
        await until(pilot, lambda: "what a good thing" in "\n".join(lines(again)))


async def type_text(pilot: Pilot[Any], text: str) -> None:
    """Type a text into whatever field has the focus."""
    await pilot.press(*("space" if character == " " else character for character in text))
