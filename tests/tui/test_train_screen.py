"""The Train screen with a scripted engine: start, watch, stop, resume, fail, export, and look at all of it."""

import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from rich.cells import cell_len
from textual.app import App
from textual.pilot import Pilot

from tlworkbench.jobs.events import Evaluated, Event, Finished, Note, Started, Step, TrainingBegan, encode
from tlworkbench.jobs.folder import JobFolder, create_job, list_jobs
from tlworkbench.jobs.follow import read_run
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.state import JobState, write_state
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.screens.confirm import Confirm
from tlworkbench.tui.screens.train import TrainScreen
from tlworkbench.tui.screens.train_start import StartRun
from tlworkbench.workspace import Workspace, open_workspace

Until = Callable[..., Awaitable[None]]
Lines = Callable[[App[Any]], list[str]]
Engine = Callable[[str], None]

SIZES = [(80, 24), (140, 45)]
TRAINING = """
TRAINING = dict(classes=("negative", "neutral", "positive"), train_rows=800, eval_rows=120, total_steps=90, epochs=3,
    batch_size=8, max_length=64, precision="fp32", majority_accuracy=.483, majority_macro_f1=.217)
def train(first, last):
    for n in range(first, last + 1):
        context.emit(Step(step=n, epoch=n / 30, loss=1.2 - n / 100, learning_rate=3.1e-5, grad_norm=2.4,
            examples_per_second=71, seconds_left=112))
def evaluate(step, macro_f1, best=True):
    context.emit(Evaluated(step=step, epoch=step / 30, split="validation", loss=1 - step / 300, accuracy=macro_f1 + .01,
        macro_f1=macro_f1, best=best, confusion=((20, 9, 1), (7, 40, 15), (2, 6, 20)), per_class=tuple(
            ClassFigures(name, .71, .66, .68, rows) for name, rows in zip(TRAINING["classes"], (30, 62, 28)))))
def go(name):
    until(lambda: (context.job.workspace / name).exists())
def keep_model():
    context.job.model_dir.mkdir(exist_ok=True)
    (context.job.model_dir / "config.json").write_text("{}")
"""
WHOLE = (
    TRAINING
    + """
context.emit(TrainingBegan(**TRAINING))
train(1, 10)
go("more")
train(11, 30); evaluate(30, .657)
go("end")
train(31, 60); evaluate(60, .681); train(61, 90); evaluate(90, .690)
keep_model()
done(seconds=161.0, examples_per_second=71.2)
"""
)
UNTIL_STOPPED = (
    TRAINING
    + """
resumed = context.job.checkpoints_dir.exists()
context.emit(TrainingBegan(**TRAINING, first_step=12 if resumed else 0))
if resumed:
    train(13, 90); keep_model(); done()
else:
    train(1, 12)
    context.job.checkpoints_dir.mkdir()
    wait()
    context.finish(Finished(status="stopped", what="stopped at step 12 of 90; a resume goes on from there"))
"""
)


@pytest.fixture
def ready(trainable: Workspace) -> Workspace:
    """A workspace with rows and a model, on the Train screen."""
    trainable.update(model="bundled", where={"screen": "train"})
    return trainable


async def opened(pilot: Pilot[Any], until: Until) -> None:
    """Wait for the Train screen with what is known of the runs."""
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, TrainScreen))
    assert isinstance(app, Workbench)
    expected = [job for job in list_jobs(app.workspace.jobs_dir) if job.kind in ("train", "export")]
    await until(pilot, lambda: all(app.jobs.state(job) is not None for job in expected))
    await until(pilot, lambda: isinstance(app.screen, TrainScreen) and not app.screen._reading)


async def start(pilot: Pilot[Any], until: Until) -> None:
    """Start a run by keys with the settings that are there."""
    await pilot.press("s")
    await until(pilot, lambda: isinstance(pilot.app.screen, StartRun))
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, TrainScreen))


def shown(lines: list[str], *words: str) -> bool:
    """Whether all the words are on the screen."""
    whole = "\n".join(lines)
    return all(word in whole for word in words)


def past_run(workspace: Workspace, status: str, *events: Event, what: str = "", hint: str = "") -> JobFolder:
    """A run of an earlier session as its folder tells of it."""
    job = create_job(workspace.jobs_dir, TrainSpec(model="bundled"), "past")
    began = Started(kind="train", pid=1, device="a fake")
    last = () if status == "lost" else (Finished(status=status, what=what, hint=hint),)  # type: ignore[arg-type]
    job.events_file.write_bytes(b"".join(map(encode, (began, *events, *last))))
    gone = JobState(status="running", pid=2**22 + 1, pid_started=1.0)
    write_state(job.state_file, gone if status == "lost" else JobState(status=status, what=what, hint=hint))  # type: ignore[arg-type]
    return job


def began(total: int = 90) -> TrainingBegan:
    return TrainingBegan(
        classes=("a", "b"), train_rows=80, eval_rows=20, total_steps=total, epochs=3, batch_size=8, max_length=64,
        precision="fp32",
    )  # fmt: skip


def steps(last: int) -> list[Step]:
    return [Step(step=n, epoch=n / 30, loss=1.2 - n / 100, learning_rate=1e-4) for n in range(1, last + 1)]


@pytest.mark.parametrize("size", SIZES)
async def test_a_run_is_started_by_keys_and_watched_to_its_end(
    ready: Workspace, engine: Engine, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    engine(WHOLE)
    app = Workbench(ready)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, until)
        assert shown(lines(app), "no run yet", "s starts one with all-MiniLM-L6-v2")
        await start(pilot, until)
        await until(pilot, lambda: shown(lines(app), "▶ running", "step 10/90", "train 1.1000", "1:52 left"))
        assert shown(lines(app), "epoch 1/3", "first validation after step 30", "lr 3.1e-5", "grad 2.4", "71 ex/s")
        assert list_jobs(ready.jobs_dir)[0].spec() == TrainSpec(model="bundled", journal_version=0)

        (ready.root / "more").touch()
        await until(pilot, lambda: shown(lines(app), "step 30", "train 0.9000", "● validation 0.9000"))
        await until(pilot, lambda: shown(lines(app), "macro-F1 .657", "▲ .440 over majority", "accuracy .667"))

        (ready.root / "end").touch()
        await until(pilot, lambda: shown(lines(app), "✓ done", "macro-F1 .690", "▲ .009"))
        await until(pilot, lambda: shown(lines(app), "e exports it to ONNX", "2:41", "best epoch 3"))
        assert all(cell_len(line) <= size[0] for line in lines(app))
        assert lines(app)[-1].split()[:2] == ["s", "start"]


async def test_without_a_model_or_rows_it_says_which_keys_lead_there(
    workspace: Workspace, until: Until, lines: Lines, request: pytest.FixtureRequest
) -> None:
    workspace.update(where={"screen": "train"})
    app = Workbench(workspace)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(pilot, until)
        assert shown(lines(app), "g d opens a dataset first")
        await pilot.press("s")
        await until(pilot, lambda: shown(lines(app), "there is no dataset yet"))
    request.getfixturevalue("tweets")
    again = Workbench(workspace)
    async with again.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(pilot, until)
        assert shown(lines(again), "g m chooses a model first")
        await pilot.press("s")
        await until(pilot, lambda: shown(lines(again), "no model is chosen yet", "press g, then m"))
        await pilot.press("g", "m")
        await until(pilot, lambda: again.current_mode == "models")


async def test_the_labels_as_they_are_at_the_start_are_the_runs(ready: Workspace, engine: Engine, until: Until) -> None:
    engine(WHOLE)
    rows = ready.rows()
    with ready.journal(rows) as journal:
        journal.set_label([int(rows.keys[0])], 1)
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until)
        await start(pilot, until)
        await until(pilot, lambda: len(list_jobs(ready.jobs_dir)) == 1)
        spec = list_jobs(ready.jobs_dir)[0].spec()
        assert isinstance(spec, TrainSpec) and spec.journal_version == 1


async def test_escape_starts_nothing(ready: Workspace, until: Until) -> None:
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, StartRun))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, TrainScreen))
        assert list_jobs(ready.jobs_dir) == []


@pytest.mark.parametrize("size", SIZES)
async def test_a_run_is_stopped_and_resumed(
    ready: Workspace, engine: Engine, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    engine(UNTIL_STOPPED + "\n")
    app = Workbench(ready)
    async with app.run_test(size=size, notifications=True) as pilot:
        await opened(pilot, until)
        await start(pilot, until)
        await until(pilot, lambda: shown(lines(app), "▶ running", "step 12/90"))
        await pilot.press("x")
        await until(pilot, lambda: shown(lines(app), "■ stopped", "r resumes it", "at step 12"))
        app.clear_notifications()
        await pilot.press("x")
        await until(pilot, lambda: shown(lines(app), "0001 is not running"))
        await pilot.press("r")
        await until(pilot, lambda: shown(lines(app), "✓ done", "step 90/90", "train 0.3000"))
        app.clear_notifications()
        await pilot.press("r")
        await until(pilot, lambda: shown(lines(app), "0001 is done"))


async def test_a_stop_shows_its_grace_and_can_be_forced(
    ready: Workspace, engine: Engine, until: Until, lines: Lines
) -> None:
    engine(TRAINING + "context.emit(TrainingBegan(**TRAINING)); train(1, 5); time.sleep(60)")
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until)
        await start(pilot, until)
        await until(pilot, lambda: shown(lines(app), "▶ running", "step 5/90"))
        await pilot.press("x")
        await until(pilot, lambda: shown(lines(app), "finishing its step, writing a checkpoint", "x forces it"))
        await until(pilot, lambda: re.search(r"· 0:[12]\d", "\n".join(lines(app))))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert shown(lines(app), "End 0001 by force?", "since its last checkpoint is lost")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, TrainScreen))
        assert not list_jobs(ready.jobs_dir)[0].state().ended
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("enter")
        await until(pilot, lambda: shown(lines(app), "? lost", "r resumes it"))


@pytest.mark.parametrize("size", SIZES)
async def test_a_failed_run_says_what_happened_and_what_to_do(
    ready: Workspace, engine: Engine, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    engine(
        """what, hint = "out of memory at batch size 64", "Set batch_size = 32."
context.finish(Finished(status="failed", what=what, hint=hint))"""
    )
    app = Workbench(ready)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, until)
        await start(pilot, until)
        await until(
            pilot, lambda: shown(lines(app), "✗ failed  out of memory at batch size 64", "Set batch_size = 32.")
        )
        await until(pilot, lambda: shown(lines(app), "r tries again", "l shows what it printed"))


async def test_runs_of_earlier_sessions_are_there_and_arrow_keys_show_one(
    ready: Workspace, until: Until, lines: Lines
) -> None:
    past_run(ready, "failed", what="the disk is full", hint="Free some space.")
    past_run(ready, "stopped", began(), *steps(12), what="stopped at step 12 of 90")
    past_run(ready, "lost", began(), *steps(20), Note(text="labels look odd", level="warning"))
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until)
        await until(
            pilot, lambda: shown(lines(app), "0003 all-MiniLM-L6-v2 · ? lost", "step 20/90", "⚠ labels look odd")
        )
        assert shown(lines(app), "? lost", "■ stopped  at step 12", "✗ failed  the disk")
        await pilot.press("down")
        await until(pilot, lambda: shown(lines(app), "0002 all-MiniLM-L6-v2 · ■ stopped", "train 1.0800"))
        assert not shown(lines(app), "labels look odd")
        await pilot.press("down")
        await until(pilot, lambda: shown(lines(app), "0001 all-MiniLM-L6-v2 · ✗ failed", "Free some space."))
        await pilot.press("up", "up")
        await until(pilot, lambda: shown(lines(app), "0003 all-MiniLM-L6-v2 · ? lost"))


async def test_a_run_that_went_on_alone_is_complete_when_one_comes_back(
    ready: Workspace, engine: Engine, until: Until, lines: Lines
) -> None:
    engine(WHOLE)
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until)
        await start(pilot, until)
        await until(pilot, lambda: shown(lines(app), "step 10/90"))
    (ready.root / "more").touch()
    (ready.root / "end").touch()
    job = list_jobs(ready.jobs_dir)[0]
    end = time.monotonic() + 20
    while not job.state().ended and time.monotonic() < end:
        pass
    again = Workbench(ready)
    async with again.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until)
        await until(pilot, lambda: shown(lines(again), "✓ done", "step 90/90", "train 0.3000", "macro-F1 .690"))
        state = again.jobs.state(job)
        assert state == read_run(job) and len(state.steps) == 90


@pytest.mark.parametrize("size", SIZES)
async def test_the_frame_tells_the_logged_value_at_the_cursor(
    ready: Workspace, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    past_run(ready, "stopped", began(), *steps(80))
    app = Workbench(ready)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, until)
        await until(pilot, lambda: shown(lines(app), "step 80 ", "train 0.4000"))
        await pilot.press(*["left"] * 7)
        await until(pilot, lambda: not shown(lines(app), "train 0.4000"))
        words = next(line for line in lines(app) if "train 0." in line).split()
        number, loss = int(words[words.index("step") + 1]), words[words.index("train") + 1]
        assert number < 80 and loss == f"{1.2 - number / 100:.4f}"
        await pilot.press(*["right"] * 8)
        await until(pilot, lambda: shown(lines(app), "train 0.4000"))


@pytest.mark.parametrize("size", SIZES)
async def test_tab_leads_through_curve_classes_matrix_and_runs(
    ready: Workspace, engine: Engine, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    engine(TRAINING + "context.emit(TrainingBegan(**TRAINING)); train(1, 30); evaluate(30, .657); keep_model(); done()")
    app = Workbench(ready)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, until)
        await start(pilot, until)
        await until(pilot, lambda: shown(lines(app), "✓ done", "macro-F1 .657"))
        for name in ("classes", "confusion", "runs", "chart", "classes"):
            await pilot.press("tab")
            await until(pilot, lambda name=name: app.focused is not None and app.focused.id == name)
            assert app.focused is not None and app.focused.size.height > 2
        await until(pilot, lambda: shown(lines(app), "P   R  F1   rows", "neutral   .71 .66 .68     62"))
        await pilot.press("tab")
        await until(pilot, lambda: shown(lines(app), "positive: 15 rows", "▸"))
        await pilot.press("up", "left", "left")
        await until(pilot, lambda: shown(lines(app), "negative: 20 rows right, 67 %"))
        await pilot.press("shift+tab")
        await until(pilot, lambda: app.focused is not None and app.focused.id == "classes")
        assert not shown(lines(app), "20 rows right")
        await pilot.press("escape")
        await until(pilot, lambda: app.focused is not None and app.focused.id == "chart")


async def test_a_key_for_the_curves_brings_them_back_from_behind_the_matrix(
    ready: Workspace, engine: Engine, until: Until, lines: Lines
) -> None:
    engine(TRAINING + "context.emit(TrainingBegan(**TRAINING)); train(1, 30); evaluate(30, .657); keep_model(); done()")
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until)
        await start(pilot, until)
        await until(pilot, lambda: shown(lines(app), "✓ done", "macro-F1 .657"))
        await pilot.press("t")
        await until(pilot, lambda: shown(lines(app), "neutral → positive: 15 rows"))
        assert not shown(lines(app), "train 0.9000")
        await pilot.press("m")
        await until(pilot, lambda: shown(lines(app), "○ accuracy .667   ● macro-F1 .657"))


async def test_enter_on_a_cell_goes_to_its_rows_in_data(
    ready: Workspace, engine: Engine, until: Until, lines: Lines
) -> None:
    import pyarrow as pa

    engine(TRAINING + "context.emit(TrainingBegan(**TRAINING)); train(1, 30); evaluate(30, .657); keep_model(); done()")
    app = Workbench(ready)
    async with app.run_test(size=(160, 45), notifications=True) as pilot:
        await opened(pilot, until)
        await start(pilot, until)
        await until(pilot, lambda: shown(lines(app), "✓ done", "macro-F1 .657"))
        await pilot.press("t")
        await until(pilot, lambda: app.focused is not None and app.focused.id == "confusion")
        await pilot.press("enter")
        await until(pilot, lambda: shown(lines(app), "0001 has kept no answers yet"))
        keys = [int(key) for key in ready.rows().keys[:3]]
        table = pa.table(
            {
                "key": pa.array(keys, pa.uint64()),
                "class": pa.array(["neutral", "neutral", "negative"]).dictionary_encode(),
                "answer": pa.array(["positive", "neutral", "negative"]).dictionary_encode(),
                "score": pa.array([0.9, 0.8, 0.7], pa.float32()),
            }
        )
        job = list_jobs(ready.jobs_dir)[0]
        with pa.ipc.new_file(str(job.path / "predictions.arrow"), table.schema) as writer:
            writer.write_table(table)
        await pilot.press("escape")
        assert isinstance(app.screen, TrainScreen)
        app.screen._read(job)
        await pilot.press("t")
        await until(pilot, lambda: shown(lines(app), "neutral taken for positive: 15 rows, 24 % · enter"))
        asked: list[tuple[str, tuple[int, ...]]] = []
        app.show_rows = lambda keys, title: asked.append((title, tuple(keys)))  # type: ignore[method-assign]
        await pilot.press("enter")
        await until(pilot, lambda: asked)
        assert asked == [("0001: neutral taken for positive, 1 row", (keys[0],))]
        for word in ("negative taken for neutral: 9 rows", "neutral taken for negative: 7 rows"):
            await pilot.press("t")
            await until(pilot, lambda word=word: shown(lines(app), word))


EXPORT = (
    TRAINING
    + """
if context.job.kind == "train":
    context.emit(TrainingBegan(**TRAINING)); train(1, 90); evaluate(90, .69); keep_model(); done()
else:
    from tlworkbench.inference.report import BundleReport, ParityReport, VariantReport
    run = next(context.job.workspace.glob(f"jobs/{spec.run}-train-*"))
    context.progress("tracing", 3, 8, "parts")
    go("exported")
    if (context.job.workspace / "unfit").exists():
        context.finish(Finished(status="failed", what="ONNX answers other than torch", hint="Tell us."))
        sys.exit()
    folder = run / "bundle"; folder.mkdir(exist_ok=True)
    made = VariantReport(file="x", bytes=22_900_000, max_abs_diff=1e-5, mean_abs_diff=1e-6, agreement=.998,
        accuracy=.69, macro_f1=.68, p50_ms=3.1)
    proof = ParityReport(rows=256, split="validation", comparisons=1, batch_sizes=(1,), traced_batch=1, shortest=1,
        median=2, longest=3, max_abs_diff=1e-5, mean_abs_diff=1e-6, agreement=1, ties=0, other_tokens=0, worst=())
    BundleReport(run=spec.run, created="2026-01-01", model="m", labels=TRAINING["classes"], max_length=64, rows=9,
        split="validation", verdict="ready", parity=proof, variants={"int8": made}, default="int8").write(folder)
    done(verdict="ready")
"""
)


@pytest.mark.parametrize("size", SIZES)
async def test_an_export_shows_its_progress_and_its_verdict_and_where_to_go(
    ready: Workspace, engine: Engine, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    engine(EXPORT)
    app = Workbench(ready)
    async with app.run_test(size=size, notifications=True) as pilot:
        await opened(pilot, until)
        await pilot.press("e")
        await until(pilot, lambda: shown(lines(app), "there is no run yet"))
        await start(pilot, until)
        await until(pilot, lambda: shown(lines(app), "✓ done", "e exports it to ONNX"))
        await pilot.press("e")
        await until(pilot, lambda: shown(lines(app), "▶ exporting 0001", "▅", "tracing 3 of 8"))
        app.clear_notifications()
        await pilot.press("e")
        await until(pilot, lambda: shown(lines(app), "0001 is being exported already"))
        (ready.root / "exported").touch()
        await until(
            pilot,
            lambda: shown(
                lines(app), "✓ exported  int8 23 MB · 3.1 ms · agrees 99.8 %   g p Predict is ready", "✓ done  exported"
            ),
        )
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, Confirm))


async def test_a_failed_export_is_told_with_its_reason(
    ready: Workspace, engine: Engine, until: Until, lines: Lines
) -> None:
    engine(EXPORT)
    (ready.root / "exported").touch()
    (ready.root / "unfit").touch()
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until)
        await start(pilot, until)
        await until(pilot, lambda: shown(lines(app), "e exports it to ONNX"))
        await pilot.press("e")
        await until(pilot, lambda: shown(lines(app), "✗ export failed  ONNX answers other than torch", "Tell us."))


async def test_exporting_needs_a_model(ready: Workspace, until: Until, lines: Lines) -> None:
    past_run(ready, "stopped", began(), *steps(12))
    app = Workbench(ready)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(pilot, until)
        await pilot.press("e")
        await until(pilot, lambda: shown(lines(app), "0001 has no model to export yet"))


@pytest.mark.parametrize("size", SIZES)
async def test_log_and_settings_of_the_run_are_a_key_away(
    ready: Workspace, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    job = past_run(ready, "stopped", began(), *steps(12), Note(text="trains on 80 rows"))
    job.log_file.write_bytes(b"loading\n  1%|#\r100%|###| done\nan \x1b[31mangry\x1b[0m line\n")
    app = Workbench(ready)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, until)
        await pilot.press("l")
        await until(
            pilot, lambda: shown(lines(app), "Log 0001", "loading", "100%|###| done", "an angry line", "3 lines")
        )
        assert not shown(lines(app), "1%|#\r")
        with job.log_file.open("ab") as file:
            file.write(b"and one more\n")
        await until(pilot, lambda: shown(lines(app), "and one more", "4 lines"))
        await pilot.press("c")
        await until(pilot, lambda: shown(lines(app), "Config 0001", "· trains on 80 rows", 'kind = "train"'))
        await pilot.press("escape")
        await until(pilot, lambda: shown(lines(app), "Runs", "■ stopped  at step 12"))
        assert not shown(lines(app), "Config 0001")


@pytest.mark.parametrize("size", [(80, 24), (140, 45), (100, 30), (80, 45), (140, 24), (200, 60), (60, 18)])
async def test_nothing_is_wider_than_the_screen_and_every_frame_is_whole(
    ready: Workspace, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    names = tuple(f"a rather long name of class {n}" for n in range(30))
    confusion = tuple(tuple(range(30)) for _ in names)
    figures = tuple({"name": n, "precision": 0.5, "recall": 0.5, "f1": 0.5, "rows": 435} for n in names)
    evaluated = msgspec.convert(
        {
            "type": "evaluated", "step": 30, "epoch": 1, "split": "validation", "loss": 0.7, "accuracy": 0.6,
            "macro_f1": 0.5, "per_class": figures, "confusion": confusion, "best": True,
        },
        Evaluated,
    )  # fmt: skip
    long = "a very long warning that goes on and on " * 9
    past_run(ready, "stopped", began(), *steps(60), evaluated, Note(text=long, level="warning"), what=long)
    app = Workbench(ready)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, until)
        for keys in ((), ("tab",), ("tab", "end", "down"), ("l",), ("c",)):
            await pilot.press(*keys)
            await pilot.pause(0.1)
            assert all(cell_len(line) <= size[0] for line in lines(app))
            assert len([line for line in lines(app) if line.startswith("╭")]) >= 2
            assert lines(app)[-1].split()[:2] == ["s", "start"], lines(app)


async def test_another_theme_colours_the_curve_too(ready: Workspace, until: Until) -> None:
    past_run(ready, "stopped", began(), *steps(60))
    app = Workbench(ready)

    def inks() -> set[str]:
        return {
            style.color.triplet.hex
            for strip in app.screen._compositor.render_strips()
            for text, style, _ in strip
            if style is not None and style.color is not None and style.color.triplet is not None
            and any("\u2800" < cell <= "\u28ff" for cell in text)
        }  # fmt: skip

    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until)
        await until(pilot, lambda: inks() == {app.looks["grey"].colours.primary})
        app.theme = "paper"
        await until(pilot, lambda: inks() == {app.looks["paper"].colours.primary})


async def test_the_chosen_run_is_chosen_again_next_time(ready: Workspace, until: Until, lines: Lines) -> None:
    past_run(ready, "stopped", began(), *steps(12))
    past_run(ready, "stopped", began(), *steps(20))
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until)
        await pilot.press("down")
        await until(pilot, lambda: shown(lines(app), "0001 all-MiniLM-L6-v2 · ■"))
    again = Workbench(ready)
    async with again.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until)
        await until(pilot, lambda: shown(lines(again), "0001 all-MiniLM-L6-v2 · ■"))


async def test_nothing_is_drawn_for_a_screen_that_is_not_in_front(
    ready: Workspace, engine: Engine, until: Until, lines: Lines
) -> None:
    engine(WHOLE)
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until)
        await start(pilot, until)
        await until(pilot, lambda: shown(lines(app), "step 10/90"))
        screen = app.screen
        assert isinstance(screen, TrainScreen)
        app.go("predict")
        await until(pilot, lambda: app.current_mode == "predict")
        (ready.root / "more").touch()
        job = list_jobs(ready.jobs_dir)[0]
        await until(pilot, lambda: (state := app.jobs.state(job)) is not None and state.last_step == 30)
        await pilot.pause(0.1)
        assert len(screen._chart.curves.of_steps("step")) == 10
        app.go("train")
        await until(pilot, lambda: shown(lines(app), "train 0.9000", "macro-F1 .657"))


async def test_figure_zoom_and_smoothing_are_as_they_were_left(ready: Workspace, until: Until, lines: Lines) -> None:
    past_run(ready, "stopped", began(), *steps(80))
    past_run(ready, "stopped", began(), *steps(80))
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until)
        await until(pilot, lambda: shown(lines(app), "0002 ", "train 0.4000"))
        await pilot.press(*["left"] * 9, "+", "+", "k", "m", "m", "y")
        await until(pilot, lambda: shown(lines(app), "learning rate · log", "rate 1e-4"))
        await pilot.press("-", "<")
        assert isinstance(app.screen, TrainScreen)
        view = app.screen._chart.view
        assert view.window is not None and view.smoothing == "light"
    again = Workbench(open_workspace(str(ready.root)))
    async with again.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until)
        await until(pilot, lambda: shown(lines(again), "learning rate · log"))
        assert isinstance(again.screen, TrainScreen)
        assert again.screen._chart.view == view
        # A zoom is into one run; the rest holds for all of them.
        await pilot.press("down")
        await until(pilot, lambda: shown(lines(again), "0001 ", "learning rate · log"))
        assert again.screen._chart.view == view.whole()
        await pilot.press("up", "+", "0")
        assert again.screen._chart.view == view.whole()
