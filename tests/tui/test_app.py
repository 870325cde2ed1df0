"""The shell: going about, the status strip, jobs, errors, leaving, coming back."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.app import App

from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import create_job
from tlworkbench.jobs.launch import launch
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.settings import Settings
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.messages import JobUpdated
from tlworkbench.tui.screens.choose import Choose, Entry, matching
from tlworkbench.tui.screens.confirm import Confirm
from tlworkbench.tui.standing import Standing
from tlworkbench.tui.widgets.key_bar import key_line
from tlworkbench.tui.widgets.status_strip import strip
from tlworkbench.workspace import Workspace, open_workspace

Until = Callable[..., Awaitable[None]]
Lines = Callable[[App[Any]], list[str]]
Engine = Callable[[str], None]

TRAINING = """
context.emit(TrainingBegan(classes=("a", "b"), train_rows=80, eval_rows=20, total_steps=100, epochs=1, batch_size=8,
    max_length=64, precision="fp32"))
context.emit(Step(step=43, epoch=0.4, loss=0.5, learning_rate=1e-4, seconds_left=112))
"""


async def test_brackets_step_through_the_screens_and_g_goes_to_one(workspace: Workspace, until: Until) -> None:
    app = Workbench(workspace)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.current_mode == "data")
        seen = []
        for key in ("]", "]", "]", "[", "[", "[", "["):
            await pilot.press(key)
            seen.append(app.current_mode)
        assert seen == ["train", "predict", "models", "predict", "train", "data", "models"]
        await pilot.press("g", "p")
        await until(pilot, lambda: app.current_mode == "predict")
        await pilot.press("g", "escape")
        assert app.current_mode == "predict" and len(app.screen_stack) == 1


async def test_the_strip_stands_on_every_screen(workspace: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(workspace)
    async with app.run_test() as pilot:
        for mode in ("models", "data", "train", "predict"):
            app.go(mode)
            await pilot.pause()
            assert lines(app)[0].split()[:2] == ["tlworkbench", "tweets"]
            assert lines(app)[-1].rstrip().endswith("? keys")


FULL = Standing("tweets", "all-MiniLM-L6-v2", 12284, 37, "0007", "running", 0.43, 112, "int8", True)


def test_a_wide_strip_says_everything() -> None:
    assert strip(FULL, "data", 140).plain == (
        " tlworkbench  tweets   Models all-MiniLM-L6-v2 › Data  12 284 rows · 37 edits › Train 0007 ▶ 43 % 1:52"  # noqa: RUF001
        " › Predict int8 ✓"  # noqa: RUF001
    )


@pytest.mark.parametrize("width", range(40, 140))
def test_a_narrow_strip_leaves_out_detail_and_never_half_a_word(width: int) -> None:
    whole = strip(FULL, "train", 200).plain.split()
    shown = strip(FULL, "train", width).plain
    assert len(shown) <= width
    assert set(shown.split()) <= {*whole}
    assert [word for word in shown.split() if word in ("Models", "Data", "Train", "Predict")] == [
        "Models", "Data", "Train", "Predict",
    ]  # fmt: skip


def test_at_80_columns_the_run_and_the_rows_are_still_told() -> None:
    shown = strip(FULL, "data", 80).plain
    assert "12 284" in shown and "▶ 43 %" in shown and "tweets" in shown


def test_the_key_bar_drops_what_does_not_fit_but_keeps_the_way_to_all_keys() -> None:
    entries = [("u", "undo"), ("x", "exclude"), ("f", "flag")]
    assert key_line(entries, ("?", "keys"), 80).plain.split("  ")[:4] == [" u undo", "x exclude", "f flag", "? keys"]
    assert key_line(entries, ("?", "keys"), 20).plain.strip() == "u undo  ? keys"
    assert key_line(entries, ("?", "keys"), 5).plain.strip() == "? keys"


async def test_the_list_of_keys_finds_one_and_runs_it(workspace: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.current_mode == "data")
        await pilot.press("?")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        shown = "\n".join(lines(app))
        assert "Keys that work here" in shown and "Take back the last edit" not in shown.split("Keys that work")[0]
        await pilot.press(*"after")
        await until(pilot, lambda: "Go to the screen after this one" in "\n".join(lines(app)))
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "train")


async def test_the_palette_changes_the_theme(workspace: Workspace, until: Until) -> None:
    app = Workbench(workspace)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.current_mode == "data")
        await pilot.press("ctrl+p", *"theme", "space", *"pap", "enter")
        await until(pilot, lambda: app.theme == "paper")
        assert not app.look.dark
    async with Workbench(open_workspace("tweets"), Settings(theme="grey")).run_test() as pilot:
        assert pilot.app.theme == "paper"


def test_a_key_then_a_beginning_then_a_part_is_found_first() -> None:
    entries = [Entry("1", "suffix", "s"), Entry("2", "undo", "u"), Entry("3", "unflag", "f"), Entry("4", "menu", "m")]
    assert [entry.name for entry in matching(entries, "u")] == ["undo", "unflag", "suffix", "menu"]
    assert matching(entries, "f")[0].name == "unflag"
    assert [entry.name for entry in matching(entries, "mn")] == ["menu"]
    assert matching(entries, "zzz") == []


async def test_remapped_keys_work_and_are_shown(workspace: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(workspace, Settings(keys={"app.next": "Z", "app.keys": "!"}))
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.current_mode == "data")
        await pilot.press("]")
        assert app.current_mode == "data"
        await pilot.press("Z")
        assert app.current_mode == "train"
        assert lines(app)[-1].rstrip().endswith("! keys")


def test_wrong_keys_in_the_settings_are_told_before_the_screen_opens(workspace: Workspace) -> None:
    with pytest.raises(UserError, match=r"no action 'data\.nonsense'"):
        Workbench(workspace, Settings(keys={"data.nonsense": "u"}))


async def test_a_job_is_started_followed_and_told_in_the_strip(
    workspace: Workspace, engine: Engine, until: Until, lines: Lines
) -> None:
    engine(TRAINING + "wait(); done()")
    app = Workbench(workspace)
    async with app.run_test(size=(140, 45)) as pilot:
        heard: list[JobUpdated] = []
        app.job_updated.subscribe(app, heard.append)
        job = app.jobs.start(TrainSpec(model="bundled"), "minilm")
        await until(pilot, lambda: "Train 0001 ▶ 43 % 1:52" in lines(app)[0])
        assert app.jobs.running() == [job]
        state = app.jobs.state(job)
        assert state is not None and state.last_step == 43
        assert heard and all(update.job == job for update in heard)


async def test_a_job_that_another_program_started_is_found_and_its_end_seen(
    workspace: Workspace, engine: Engine, until: Until, lines: Lines, tmp_path: Path
) -> None:
    engine(f"until(lambda: Path({str(tmp_path / 'go')!r}).exists()); done()")
    app = Workbench(workspace)
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, lambda: app.current_mode == "data")
        job = create_job(workspace.jobs_dir, TrainSpec(model="bundled"))
        launch(job)
        await until(pilot, lambda: app.jobs.running() == [job])
        (tmp_path / "go").touch()
        await until(pilot, lambda: "Train 0001 ✓" in lines(app)[0])
        assert app.jobs.running() == []


async def test_jobs_that_ended_before_are_known(workspace: Workspace, engine: Engine, until: Until) -> None:
    engine("done(best=1)")
    job = create_job(workspace.jobs_dir, TrainSpec(model="bundled"))
    launch(job)
    app = Workbench(workspace)
    async with app.run_test() as pilot:
        await until(pilot, lambda: (state := app.jobs.state(job)) is not None and state.status == "done")
        assert [known for known, _ in app.jobs.of_kind("train")] == [job]


async def test_leaving_asks_while_a_job_runs_and_leaves_it_running(
    workspace: Workspace, engine: Engine, until: Until, lines: Lines
) -> None:
    engine("wait(); done()")
    app = Workbench(workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        job = app.jobs.start(TrainSpec(model="bundled"))
        await until(pilot, lambda: app.jobs.running() == [job] and job.state().status == "running")
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert "It goes on by itself" in "\n".join(lines(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Confirm))
        assert app.is_running
        before = time.monotonic()
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("enter")
        await until(pilot, lambda: app._exit)
    assert await asyncio.to_thread(_let_go, app, before + 2), "a thread goes on after the program has ended"
    assert job.state().status == "running"


def _let_go(app: Workbench, until: float) -> bool:
    while app.jobs.followed and time.monotonic() < until:
        time.sleep(0.01)
    return not app.jobs.followed


async def test_leaving_does_not_ask_when_nothing_runs(workspace: Workspace, until: Until) -> None:
    app = Workbench(workspace)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.current_mode == "data")
        await pilot.press("q")
        await until(pilot, lambda: app._exit)


async def test_where_the_user_was_is_on_disk_within_half_a_second(workspace: Workspace, until: Until) -> None:
    app = Workbench(workspace)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.current_mode == "data")
        app.go("predict")
        app.where.keep("predict", text="hello")
        changed = time.monotonic()
        await until(pilot, lambda: open_workspace("tweets").info.where.get("screen") == "predict")
        assert time.monotonic() - changed < 1
        # As after a crash: the first program says nothing more.
        again = Workbench(open_workspace("tweets"))
        assert again.where.screen == "predict" and again.where.of("predict") == {"text": "hello"}


async def test_the_next_start_opens_the_same_screen(workspace: Workspace, until: Until) -> None:
    workspace.update(where={"screen": "train"})
    app = Workbench(workspace)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.current_mode == "train")


@pytest.mark.parametrize("where", [{"screen": "nowhere"}, {"screen": 3, "data": "x"}])
async def test_a_place_of_another_version_does_no_harm(
    workspace: Workspace, until: Until, where: dict[str, Any]
) -> None:
    workspace.update(where=where)
    app = Workbench(workspace)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.current_mode == "data")


async def test_an_error_of_the_user_is_told_with_what_to_do_and_never_read_as_markup(
    workspace: Workspace, until: Until, lines: Lines
) -> None:
    app = Workbench(workspace)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: app.current_mode == "data")
        app.report(UserError("file [bold]x[/bold] is missing", "Check the path."))
        await until(pilot, lambda: any("file [bold]x[/bold] is missing" in line for line in lines(app)))
        assert any("Check the path." in line for line in lines(app))


async def test_a_fault_in_a_thread_is_logged_and_shown(
    workspace: Workspace, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("nothing to see")

    monkeypatch.setattr("tlworkbench.tui.following.follow", broken)
    app = Workbench(workspace)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.current_mode == "data")
        app.jobs.follow(create_job(workspace.jobs_dir, TrainSpec(model="bundled")))
        await until(pilot, lambda: any("ZeroDivisionError" in toast.message for toast in app._notifications))
        assert "nothing to see" in (workspace.root / "screen.log").read_text()
        assert app.is_running


async def test_a_fault_that_ends_the_program_is_told_in_a_sentence_and_kept_in_a_file(
    workspace: Workspace, until: Until, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("nothing to see")

    app = Workbench(workspace)
    with pytest.raises(ZeroDivisionError):
        async with app.run_test() as pilot:
            await until(pilot, lambda: app.current_mode == "data")
            app.call_later(broken)
            await until(pilot, lambda: not app.is_running)
    told = capsys.readouterr().err
    assert "Every edit is saved" in told and "ZeroDivisionError: nothing to see" in told and "Traceback" not in told
    assert "Traceback" in (workspace.root / "screen.log").read_text()
    assert app.return_code == 1


async def test_keys_that_come_at_once_are_all_heard_in_order(workspace: Workspace, until: Until) -> None:
    app = Workbench(workspace)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.current_mode == "data")
        for key in ("g", "p", "right_square_bracket", "question_mark", *"after", "enter"):
            event = events.Key(key, key if len(key) == 1 else None)
            event.set_sender(app)
            app.post_message(event)
        await until(pilot, lambda: app.current_mode == "data" and len(app.screen_stack) == 1)


async def test_rows_and_edits_are_counted_from_disk(tweets: Workspace, until: Until, lines: Lines) -> None:
    rows = tweets.rows()
    with tweets.journal(rows) as journal:
        journal.set_label([int(rows.keys[0])], 1)
    tweets.update(where={"screen": "train"})
    app = Workbench(tweets)
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, lambda: "Data 8 rows · 1 edit" in lines(app)[0])


async def test_a_key_that_comes_when_no_screen_is_left_is_let_go(workspace: Workspace) -> None:
    await Workbench(workspace).on_event(events.Key("a", "a"))
