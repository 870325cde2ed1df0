"""The Models screen: what can be chosen, filtering, choosing, fetching, adding a folder."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tiny_model import model_files, write
from tlworkbench.catalog import bundled
from tlworkbench.jobs.folder import create_job, list_jobs
from tlworkbench.jobs.spec import FetchSpec, TrainSpec
from tlworkbench.jobs.state import JobState, write_state
from tlworkbench.settings import Settings
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.screens import models
from tlworkbench.tui.screens.models_add import ModelsAdd
from tlworkbench.tui.widgets.model_table import ModelTable
from tlworkbench.workspace import Workspace, open_workspace

Until = Callable[..., Awaitable[None]]
Lines = Callable[[App[Any]], list[str]]
Engine = Callable[[str], None]
SIZES = [(80, 24), (140, 45)]
HEAD: dict[str, Any] = {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "ham", "1": "spam"}}


@pytest.fixture
def here(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace left on Models, on a machine with no bundled model and a folder of four."""
    monkeypatch.setattr(bundled, "_PACKAGE", "not_installed_here")
    write(tmp_path / "mine" / "mail", model_files(params=2_000_000, max_position_embeddings=512, **HEAD))
    write(tmp_path / "mine" / "plain", model_files("distilbert", 150_000))
    write(tmp_path / "mine" / "picture", model_files("vit"))
    (tmp_path / "mine" / "broken").mkdir()
    (tmp_path / "mine" / "broken" / "config.json").write_text("{")
    workspace.update(where={"screen": "models"})
    return workspace


def workbench(workspace: Workspace, tmp_path: Path) -> Workbench:
    return Workbench(workspace, Settings(model_folders=(str(tmp_path / "mine"),)))


def table(app: App[Any]) -> ModelTable:
    return app.screen.query_one(ModelTable)


def on_screen(app: App[Any], lines: Lines, *words: str) -> bool:
    return any(all(word in line for word in words) for line in lines(app))


def toasts(app: App[Any]) -> str:
    return "\n".join(toast.message for toast in app._notifications)


async def listed(pilot: Pilot[Any], until: Until, count: int = 5) -> None:
    await until(pilot, lambda: table(pilot.app).count == count)


async def add(pilot: Pilot[Any], until: Until, text: str) -> None:
    await pilot.press("a")
    await until(pilot, lambda: isinstance(pilot.app.screen, ModelsAdd))
    pilot.app.screen.query_one(Input).value = text
    await pilot.press("enter")


@pytest.mark.parametrize("size", SIZES)
async def test_models_are_listed_with_what_they_are_and_why_some_cannot_be_used(
    here: Workspace, tmp_path: Path, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    app = workbench(here, tmp_path)
    async with app.run_test(size=size) as pilot:
        await listed(pilot, until)
        assert on_screen(app, lines, "mine/mail", "folder", "bert", "2.0 M", "8 MB")
        assert on_screen(app, lines, "mine/plain", "distilbert", "150 k", "600 kB")
        assert on_screen(app, lines, "mine/picture", "vit is an image model")
        assert on_screen(app, lines, "mine/broken", "config.json is damaged")
        assert on_screen(app, lines, "all-MiniLM-L6-v2", "the bundled model is not installed")
        if size[0] == 140:
            assert on_screen(app, lines, "mine/mail", "ham, spam")
        # The details of the one under the cursor.
        assert on_screen(app, lines, "head", "2: ham, spam")
        assert on_screen(app, lines, "reads", "up to 512 tokens")
        assert on_screen(app, lines, "id", str(tmp_path)[:20])
        await pilot.press("end")
        await until(pilot, lambda: on_screen(app, lines, "can't be trained: vit is an image model"))


async def test_enter_chooses_and_the_choice_is_kept(
    here: Workspace, tmp_path: Path, until: Until, lines: Lines
) -> None:
    app = workbench(here, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await listed(pilot, until)
        assert not on_screen(app, lines, "●")
        await pilot.press("down", "enter")
        await until(pilot, lambda: on_screen(app, lines, "● mine/plain"))
        assert "Models  plain" in lines(app)[0]
        assert open_workspace("tweets").info.model == str(tmp_path / "mine" / "plain")
        assert toasts(app) == ""
    again = workbench(open_workspace("tweets"), tmp_path)
    async with again.run_test(size=(80, 24)) as pilot:
        await listed(pilot, until)
        assert on_screen(again, lines, "● mine/plain") and table(again).cursor == 1


async def test_what_cannot_be_used_cannot_be_chosen(here: Workspace, tmp_path: Path, until: Until) -> None:
    app = workbench(here, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await listed(pilot, until)
        await pilot.press("end", "enter")
        await until(pilot, lambda: "can't be trained" in toasts(app))
        assert "this version trains on text" in toasts(app)
        assert open_workspace("tweets").info.model == ""


async def test_something_wrong_with_a_chosen_model_is_told_afterwards(
    here: Workspace, tmp_path: Path, until: Until
) -> None:
    app = workbench(here, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await listed(pilot, until)
        (tmp_path / "mine" / "mail" / "model.safetensors").unlink()
        await pilot.press("enter")
        await until(pilot, lambda: "can't be used" in toasts(app))


async def test_the_filter_follows_what_is_typed(here: Workspace, tmp_path: Path, until: Until, lines: Lines) -> None:
    app = workbench(here, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await listed(pilot, until)
        await pilot.press("/", *"dist")
        await until(pilot, lambda: table(app).count == 1)
        assert on_screen(app, lines, "mine/plain") and not on_screen(app, lines, "mine/mail")
        assert on_screen(app, lines, "1 of 5") and "filter" not in lines(app)[-1]
        await pilot.press("down", "enter")
        await until(pilot, lambda: open_workspace("tweets").info.model.endswith("plain"))
        await pilot.press("/", *"zzz")
        await until(pilot, lambda: on_screen(app, lines, "no model's name holds 'distzzz': esc shows all"))
        await pilot.press("escape")
        await until(pilot, lambda: table(app).count == 5)
        assert table(app).has_focus and "show all" not in lines(app)[-1]


async def test_a_machine_with_nothing_says_how_to_get_a_model(
    here: Workspace, until: Until, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "list_models", lambda *_: [])
    app = Workbench(here)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: on_screen(app, lines, "pip install 'tlworkbench[demo]'"))
        assert on_screen(app, lines, "press a to fetch one from the Hub")
        await pilot.press("enter", "down", "slash", "escape")
        assert app.is_running


async def test_a_chosen_model_that_is_gone_is_told(here: Workspace, tmp_path: Path, until: Until, lines: Lines) -> None:
    here.update(model="user/gone")
    app = workbench(here, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await listed(pilot, until)
        assert on_screen(app, lines, "user/gone is chosen but not on this machine")


async def test_r_looks_again_and_keeps_the_place(here: Workspace, tmp_path: Path, until: Until) -> None:
    app = workbench(here, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await listed(pilot, until)
        await pilot.press("down")
        write(tmp_path / "mine" / "another", model_files())
        await pilot.press("r")
        await listed(pilot, until, 6)
        current = table(app).current
        assert current is not None and current.id.endswith("plain")


FETCH = """
import os
context.progress(f"fetching {spec.model}", 43_000_000, 268_000_000, "bytes")
until(lambda: Path(os.environ["GO"]).exists())
from tests.tiny_model import model_files, write
write(Path(os.environ["HF_HOME"]) / "hub/models--user--small/snapshots" / ("a" * 40), model_files())
ref = Path(os.environ["HF_HOME"]) / "hub/models--user--small/refs/main"
ref.parent.mkdir(parents=True)
ref.write_text("a" * 40)
done(model=spec.model)
"""


@pytest.mark.parametrize("size", SIZES)
async def test_a_fetch_shows_its_bytes_and_brings_its_model(
    here: Workspace, tmp_path: Path, engine: Engine, until: Until, lines: Lines, size: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("GO", str(tmp_path / "go"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    engine(FETCH)
    app = workbench(here, tmp_path)
    async with app.run_test(size=size) as pilot:
        await listed(pilot, until)
        await add(pilot, until, "user/small")
        await until(pilot, lambda: on_screen(app, lines, "fetching user/small", "▅", "43 MB of 268 MB"))
        assert "x stop fetching" in lines(app)[-1]
        assert list_jobs(here.jobs_dir)[0].spec() == FetchSpec(model="user/small")
        # The list can be used meanwhile; the same model is not fetched twice.
        await pilot.press("down")
        await add(pilot, until, "user/small")
        await until(pilot, lambda: "is being fetched already" in toasts(app))
        (tmp_path / "go").touch()
        await listed(pilot, until, 6)
        current = table(app).current
        assert current is not None and current.id == "user/small"
        assert not on_screen(app, lines, "fetching")


async def test_a_fetch_can_be_stopped(
    here: Workspace, tmp_path: Path, engine: Engine, until: Until, lines: Lines
) -> None:
    engine("wait(); context.finish(Finished(status='stopped', what='stopped at 43 MB of 268 MB'))")
    app = workbench(here, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await listed(pilot, until)
        await add(pilot, until, "user/small@v2")
        await until(pilot, lambda: any(state.status == "running" for state in app.jobs.states.values()))
        assert list_jobs(here.jobs_dir)[0].spec() == FetchSpec(model="user/small", revision="v2")
        await pilot.press("x")
        await until(pilot, lambda: on_screen(app, lines, "user/small@v2: stopped at 43 MB of 268 MB"))


@pytest.mark.parametrize("size", SIZES)
async def test_a_fetch_without_a_network_says_what_to_do_until_it_is_waved_away(
    here: Workspace, tmp_path: Path, engine: Engine, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    engine(
        "context.finish(Finished(status='failed', what=\"the Hub at https://huggingface.co can't be reached "
        "(Name or service not known)\", hint='Check the network. HF_ENDPOINT names a mirror.'))"
    )
    app = workbench(here, tmp_path)
    async with app.run_test(size=size) as pilot:
        await listed(pilot, until)
        await add(pilot, until, "user/small")
        await until(pilot, lambda: on_screen(app, lines, "✗ user/small: the Hub at"))
        await until(pilot, lambda: on_screen(app, lines, "HF_ENDPOINT names a mirror."))
        assert "(Name or service not known)" in "".join(lines(app))
        await pilot.press("escape")
        await until(pilot, lambda: not on_screen(app, lines, "✗"))


async def test_a_fetch_that_ends_while_another_screen_is_open_is_told_there(
    here: Workspace, tmp_path: Path, engine: Engine, until: Until
) -> None:
    engine(
        f"until(lambda: Path({str(tmp_path / 'go')!r}).exists())\n"
        "context.finish(Finished(status='failed', what='the disk is full', hint='Free some space.'))"
    )
    app = workbench(here, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await listed(pilot, until)
        await add(pilot, until, "user/small")
        await pilot.press("g", "t")
        await until(pilot, lambda: app.current_mode == "train")
        (tmp_path / "go").touch()
        await until(pilot, lambda: "the disk is full" in toasts(app))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("no such thing", "'no such thing' is not a Hub id"),
        ("/no/such/folder", "there is no folder /no/such/folder"),
        ("", "nothing is named yet"),
    ],
)
async def test_what_is_no_model_is_told_in_the_dialog(
    here: Workspace, tmp_path: Path, until: Until, lines: Lines, text: str, what: str
) -> None:
    app = workbench(here, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await listed(pilot, until)
        await add(pilot, until, text)
        await until(pilot, lambda: on_screen(app, lines, what))
        await pilot.press("escape")
        assert list_jobs(here.jobs_dir) == []


async def test_a_folder_is_added_and_is_there_after_a_restart(
    here: Workspace, tmp_path: Path, until: Until, lines: Lines
) -> None:
    folder = write(tmp_path / "elsewhere" / "mine", model_files())
    app = workbench(here, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await listed(pilot, until)
        await add(pilot, until, str(folder))
        await listed(pilot, until, 6)
        current = table(app).current
        assert current is not None and current.id == str(folder)
    again = workbench(open_workspace("tweets"), tmp_path)
    async with again.run_test(size=(80, 24)) as pilot:
        await listed(pilot, until, 6)
        assert on_screen(again, lines, "elsewhere/mine")


async def test_runs_can_be_started_from(here: Workspace, tmp_path: Path, until: Until, lines: Lines) -> None:
    job = create_job(here.jobs_dir, TrainSpec(model="bundled"), "minilm")
    write(job.model_dir, model_files(**HEAD))
    write_state(job.state_file, JobState(status="done"))
    app = workbench(here, tmp_path)
    async with app.run_test(size=(140, 45)) as pilot:
        await listed(pilot, until, 6)
        assert on_screen(app, lines, "0001  run of bundled, done", "ham, spam")
        await pilot.press("home", "enter")
        await until(pilot, lambda: open_workspace("tweets").info.model == "0001")
