"""The Predict screen: typing, keeping, history, variants, runs, and what can be wrong."""

import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual import events
from textual.app import App
from textual.pilot import Pilot

from tests.tui.predict_bundles import HeldBack, export, write_bundle
from tlworkbench.inference.bundle import VARIANT_FILES
from tlworkbench.jobs.folder import create_job
from tlworkbench.jobs.spec import ExportSpec, TrainSpec
from tlworkbench.jobs.state import JobState, write_state
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.asked import FILE, read_asked
from tlworkbench.tui.screens import predict_loading
from tlworkbench.tui.screens.choose import Choose
from tlworkbench.tui.widgets.history_list import HistoryList
from tlworkbench.tui.widgets.say_field import SayField
from tlworkbench.tui.widgets.score_bars import ScoreBars
from tlworkbench.workspace import Workspace, open_workspace

Until = Callable[..., Awaitable[None]]
Lines = Callable[[App[Any]], list[str]]
Engine = Callable[[str], None]
SIZES = [(80, 24), (140, 45)]


@pytest.fixture
def here(workspace: Workspace) -> Workspace:
    """The workspace, left on Predict."""
    workspace.update(where={"screen": "predict"})
    return workspace


@pytest.fixture
def held(here: Workspace, monkeypatch: pytest.MonkeyPatch) -> HeldBack:
    """A run is exported whose model answers when the test says so."""
    export(here)
    model = HeldBack()
    monkeypatch.setattr(predict_loading, "load", model.load)
    return model


def field(app: App[Any]) -> SayField:
    return app.screen.query_one(SayField)


def shown(app: App[Any]) -> list[tuple[str, float | None]]:
    return [(score.label, score.share) for score in app.screen.query_one(ScoreBars).scores]


def toasts(app: App[Any]) -> str:
    return "\n".join(toast.message for toast in app._notifications)


async def paste(pilot: Pilot[Any], text: str) -> None:
    field(pilot.app).post_message(events.Paste(text))
    await pilot.pause()


async def ready(pilot: Pilot[Any], until: Until) -> None:
    await until(pilot, lambda: field(pilot.app).has_focus and shown(pilot.app))


@pytest.mark.parametrize("size", SIZES)
async def test_bars_follow_what_is_typed_and_the_frame_says_what_answered(
    here: Workspace, until: Until, lines: Lines, size: tuple[int, int], capfd: pytest.CaptureFixture[str]
) -> None:
    export(here)
    app = Workbench(here)
    async with app.run_test(size=size) as pilot:
        await ready(pilot, until)
        assert shown(app) == [("bad", None), ("so so", None), ("good", None)]
        await pilot.press(*"lovely")
        await until(pilot, lambda: shown(app)[0][0] == "good" and (shown(app)[0][1] or 0) > 0.9)
        text = lines(app)
        assert "lovely" in text[2] and text[4].startswith("╭─ good ─")
        assert text[5].split()[:2] == ["│", "good"] and "▅" in text[5]
        edge = next(line for line in text if "run 0001" in line)
        assert "int8 · " in edge and " ms · run 0001" in edge
        assert "Predict  int8 ✓" in text[0]
        proof = "\n".join(text)
        assert "proved on 256 rows, largest difference 3e-6" in proof
        assert "9 of 512" in proof and "0 of 256" in proof and ".681" in proof
        assert "91 MB" in proof and "5.6 ms" in proof
    # onnxruntime and tokenizers have loaded and answered: not a byte on the screen's own line.
    assert os.environ["HF_HUB_OFFLINE"] and capfd.readouterr().err == ""


async def test_keys_never_wait_for_the_model_and_the_last_text_wins(
    held: HeldBack, here: Workspace, until: Until
) -> None:
    app = Workbench(here)
    async with app.run_test() as pilot:
        await ready(pilot, until)
        await pilot.press(*"this is")
        await until(pilot, lambda: held.asked)
        # The model holds its first answer back; everything typed meanwhile is in the field.
        await pilot.press("space", *"really", "space", *"good")
        assert field(app).value == "this is really good"
        assert len(held.asked) == 1
        held.go.set()
        await until(pilot, lambda: shown(app)[0] == ("good", 0.71))
        assert held.asked[-1] == ("this is really good",)
        assert held.at_once == 1 and len(held.asked) <= 3


async def test_a_slow_model_does_not_slow_the_keys(here: Workspace, until: Until, held: HeldBack) -> None:
    app = Workbench(here)
    slow = HeldBack.predict

    def predict(self: HeldBack, texts: Any, top: int = 1) -> Any:
        time.sleep(0.3)
        return slow(self, texts, top)

    held.go.set()
    type(held).predict, restored = predict, HeldBack.predict  # type: ignore[method-assign]
    try:
        async with app.run_test() as pilot:
            await ready(pilot, until)
            waits = []
            for letter in "so it goes on":
                began = time.monotonic()
                await pilot.press("space" if letter == " " else letter)
                waits.append(time.monotonic() - began)
            assert sorted(waits)[len(waits) // 2] < 0.15
            await until(pilot, lambda: held.asked and held.asked[-1] == ("so it goes on",))
            assert held.at_once == 1 and len(held.asked) < len("so it goes on")
    finally:
        type(held).predict = restored  # type: ignore[method-assign]


@pytest.mark.parametrize("size", SIZES)
async def test_enter_keeps_the_sentence_also_over_a_restart(
    here: Workspace, held: HeldBack, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    held.go.set()
    app = Workbench(here)
    async with app.run_test(size=size) as pilot:
        await ready(pilot, until)
        assert any("enter keeps a sentence here" in line for line in lines(app))
        await pilot.press(*"all", "space", *"good", "enter")
        assert field(app).value == ""
        await until(pilot, lambda: any("good .71  all good" in line for line in lines(app)))
        # The answer stays, and says what it is for.
        assert any(line.startswith("╭─ good  all good ─") for line in lines(app))
        await pilot.press(*"bad", "enter")
        await until(pilot, lambda: app.screen.query_one(HistoryList).count == 2)
    kept = read_asked(here.root / FILE)
    assert [(asked.text, asked.label, asked.score) for asked in kept] == [
        ("bad", "bad", 0.71),
        ("all good", "good", 0.71),
    ]
    again = Workbench(open_workspace("tweets"))
    async with again.run_test(size=size) as pilot:
        await ready(pilot, until)
        await until(pilot, lambda: any("all good" in line for line in lines(again)))
        text = "\n".join(lines(again))
        assert text.index("bad  .71") < text.index("good .71")
        await pilot.press("up")
        assert field(again).value == "bad"
        await pilot.press("up", "up")
        assert field(again).value == "all good"
        await pilot.press("down", "down")
        assert field(again).value == ""


async def test_recalling_gives_back_what_was_being_typed(here: Workspace, held: HeldBack, until: Until) -> None:
    held.go.set()
    app = Workbench(here)
    async with app.run_test() as pilot:
        await ready(pilot, until)
        for word in ("one", "two", "two"):
            await pilot.press(*word, "enter")
        await pilot.press(*"draft", "up")
        assert field(app).value == "two"
        await pilot.press("up")
        assert field(app).value == "one"
        await pilot.press("down", "down")
        assert field(app).value == "draft"


async def test_pasted_lines_are_answered_into_the_history_without_their_control_characters(
    here: Workspace, held: HeldBack, until: Until, lines: Lines
) -> None:
    app = Workbench(here)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, until)
        pasted = ["first\x1b[31m good", "[bold]second[/bold] bad", "", *(f"line {number} good" for number in range(70))]
        await paste(pilot, "\n".join(pasted))
        await until(pilot, lambda: any("History  32 of 72 lines" in line for line in lines(app)))
        held.go.set()
        await until(pilot, lambda: app.screen.query_one(HistoryList).count == 72)
        await until(pilot, lambda: "good .71  line 69 good" in "\n".join(lines(app)))
        assert field(app).value == ""
        assert [len(texts) for texts in held.asked] == [32, 32, 8] and held.at_once == 1
        await pilot.press("escape", "h", "end")
        text = "\n".join(lines(app))
        assert "[bold]second[/bold] bad" in text and "first good" in text and "\x1b[31m" not in text
    assert len(read_asked(here.root / FILE)) == 72


async def test_while_pasted_lines_wait_a_typed_text_gets_its_turn(
    here: Workspace, held: HeldBack, until: Until
) -> None:
    app = Workbench(here)
    async with app.run_test() as pilot:
        await ready(pilot, until)
        await paste(pilot, "\n".join(f"line {number}" for number in range(200)))
        await until(pilot, lambda: held.asked)
        await pilot.press(*"good")
        await until(pilot, lambda: pilot.app.screen._answerer.questions._typed == "good")  # type: ignore[attr-defined]
        held.go.set()
        await until(pilot, lambda: app.screen.query_one(HistoryList).count == 200)
        assert ("good",) in held.asked[1:3]
        assert shown(app)[0] == ("good", 0.71)


async def test_one_pasted_line_goes_into_the_field(here: Workspace, held: HeldBack, until: Until) -> None:
    held.go.set()
    app = Workbench(here)
    async with app.run_test() as pilot:
        await ready(pilot, until)
        await pilot.press(*"ab", "left")
        await paste(pilot, "X\tY\x07\n")
        assert field(app).value == "aX Y·b"


async def test_too_many_lines_are_sent_to_the_file_dialog(here: Workspace, held: HeldBack, until: Until) -> None:
    app = Workbench(here)
    async with app.run_test() as pilot:
        await ready(pilot, until)
        await paste(pilot, "line\n" * 1001)
        await until(pilot, lambda: "1 001 lines" in toasts(app))
        assert held.asked == []


async def test_letters_are_commands_once_the_field_is_left(here: Workspace, until: Until, lines: Lines) -> None:
    export(here)
    app = Workbench(here)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, until)
        assert "esc leave" in lines(app)[-1] and "variant" not in lines(app)[-1]
        await pilot.press(*"vg", "escape")
        assert field(app).value == "vg" and app.focused is None
        assert "v variant" in lines(app)[-1] and "esc" not in lines(app)[-1]
        await pilot.press("i")
        assert field(app).has_focus
        await pilot.press("escape", "g", "t")
        await until(pilot, lambda: app.current_mode == "train")


async def test_brackets_pass_by_the_field_that_has_just_opened_and_are_typed_into_any_other(
    here: Workspace, held: HeldBack, until: Until
) -> None:
    held.go.set()
    app = Workbench(here)
    async with app.run_test() as pilot:
        await ready(pilot, until)
        await pilot.press("]")
        await until(pilot, lambda: app.current_mode == "models")
        await pilot.press("[")
        await until(pilot, lambda: app.current_mode == "predict" and field(app).has_focus)
        await pilot.press("a", "[", "]")
        assert field(app).value == "a[]" and app.current_mode == "predict"
        await pilot.press("enter", "[", "x", "]")
        assert field(app).value == "[x]" and app.current_mode == "predict"


async def test_v_takes_the_next_variant_and_it_is_remembered(here: Workspace, until: Until, lines: Lines) -> None:
    export(here)
    app = Workbench(here)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, until)
        await pilot.press(*"great")
        await until(pilot, lambda: shown(app)[0][1] is not None)
        sure = shown(app)[0][1]
        await pilot.press("escape", "v")
        await until(pilot, lambda: any("fp32 · " in line for line in lines(app)))
        # The hand-made int8 file is twice as sure of itself; the text in the field is asked again.
        assert sure is not None and shown(app)[0][0] == "good" and (shown(app)[0][1] or 1) < sure
        assert "Predict  fp32" in lines(app)[0]
        assert next(line for line in lines(app) if "● " in line).split()[1:3] == ["fp32", "●"]
    again = Workbench(open_workspace("tweets"))
    async with again.run_test(size=(80, 24)) as pilot:
        await ready(pilot, until)
        await until(pilot, lambda: any("fp32 · run 0001" in line for line in lines(again)))
        again.count_again()
        await until(pilot, lambda: "Predict  fp32 ✓" in lines(again)[0])


@pytest.mark.parametrize("size", SIZES)
async def test_without_an_export_the_screen_says_how_to_get_one_and_its_keys_work(
    here: Workspace, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    app = Workbench(here)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: any("no run is exported yet" in line for line in lines(app)))
        assert any("g t, then s" in line for line in lines(app))
        assert field(app).disabled and app.focused is None
        await pilot.press("i")
        await until(pilot, lambda: "no run is exported yet" in toasts(app))
        await pilot.press("g", "t")
        await until(pilot, lambda: app.current_mode == "train")


async def test_a_new_export_is_taken_up_at_once(here: Workspace, engine: Engine, until: Until, lines: Lines) -> None:
    run = create_job(here.jobs_dir, TrainSpec(model="bundled"))
    write_state(run.state_file, JobState(status="done"))
    engine("until(lambda: (context.job.path / 'go').exists()); done()")
    app = Workbench(here)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: any("no run is exported yet" in line for line in lines(app)))
        job = app.jobs.start(ExportSpec(run=run.run))
        write_bundle(run)
        (job.path / "go").touch()
        await until(pilot, lambda: field(app).has_focus)
        await pilot.press(*"awful")
        await until(pilot, lambda: shown(app)[0][0] == "bad")
        assert any("run 0001" in line for line in lines(app))


async def test_exports_of_long_ago_do_not_load_their_bundles_again(
    here: Workspace, held: HeldBack, until: Until, lines: Lines
) -> None:
    for _ in range(5):
        job = create_job(here.jobs_dir, ExportSpec(run="0001"))
        write_state(job.state_file, JobState(status="done"))
    app = Workbench(here)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, until)
        await until(pilot, lambda: len(app.jobs.states) == 6)
        await until(pilot, lambda: not pilot.app.screen._opening._at_work)  # type: ignore[attr-defined]
        assert held.loads == 1


async def test_of_variants_asked_for_in_haste_the_last_one_answers(
    here: Workspace, held: HeldBack, until: Until, lines: Lines
) -> None:
    app = Workbench(here)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, until)
        held.load_seconds = 0.3
        await pilot.press("escape", *"vvvvv")
        kept = str(app.where.of("predict")["variant"])
        await until(pilot, lambda: any(f"{kept} · run 0001" in line for line in lines(app)))
        assert held.loads_at_once == 1


async def test_a_damaged_bundle_is_told_in_words_and_another_run_can_be_taken(
    here: Workspace, until: Until, lines: Lines
) -> None:
    export(here)
    damaged = export(here, "second").bundle_dir / VARIANT_FILES["int8"]
    damaged.write_bytes(damaged.read_bytes()[:200])
    app = Workbench(here)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(
            pilot, lambda: any("run 0002: bundle/onnx/model_quantized.onnx is cut off" in line for line in lines(app))
        )
        assert any("press r to take another" in line for line in lines(app))
        assert field(app).disabled
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        text = "\n".join(lines(app))
        assert "0002" in text and "0001" in text and "macro-F1 .679 · bundled" in text
        await pilot.press(*"0001", "enter")
        await until(pilot, lambda: not isinstance(app.screen, Choose) and field(app).has_focus)
        await pilot.press(*"lovely")
        await until(pilot, lambda: shown(app)[0][0] == "good")
        assert open_workspace("tweets").info.run == "0001"
        assert any("run 0001" in line for line in lines(app))


async def test_a_run_that_is_gone_is_told(here: Workspace, until: Until, lines: Lines) -> None:
    export(here)
    here.update(run="0009")
    app = Workbench(here)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: any("there is no train 0009" in line for line in lines(app)))
        assert any("Press r to take another run" in line for line in lines(app))


async def test_an_answer_that_fails_is_told_and_the_next_one_comes(
    here: Workspace, held: HeldBack, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    held.go.set()
    answer = held._answer

    def failing(text: str) -> Any:
        if "boom" in text:
            raise RuntimeError("no such node")
        return answer(text)

    monkeypatch.setattr(held, "_answer", failing)
    app = Workbench(here)
    async with app.run_test() as pilot:
        await ready(pilot, until)
        await pilot.press(*"boom", "enter")
        await until(pilot, lambda: "no such node" in toasts(app))
        await pilot.press(*"good")
        await until(pilot, lambda: shown(app)[0] == ("good", 0.71))
        assert read_asked(here.root / FILE) == []


async def test_the_history_is_walked_with_its_answers_and_taken_back_into_the_field(
    here: Workspace, held: HeldBack, until: Until, lines: Lines
) -> None:
    held.go.set()
    app = Workbench(here)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, until)
        await pilot.press("escape", "h")
        await until(pilot, lambda: "nothing was asked yet" in toasts(app))
        await pilot.press("i", *"it", "space", *"good", "enter", *"it", "space", *"bad", "enter", "escape", "h")
        await until(pilot, lambda: app.screen.query_one(HistoryList).count == 2)
        await pilot.press("down")
        await until(pilot, lambda: any(line.startswith("╭─ good  it good ─") for line in lines(app)))
        await pilot.press("enter")
        assert field(app).has_focus and field(app).value == "it good"


@pytest.mark.parametrize("size", SIZES)
async def test_of_many_labels_the_best_show_and_the_others_can_be_reached(
    here: Workspace, monkeypatch: pytest.MonkeyPatch, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    export(here)
    model = HeldBack(tuple(f"label-{number}" for number in range(150)))
    model.go.set()
    monkeypatch.setattr(predict_loading, "load", model.load)
    app = Workbench(here)
    async with app.run_test(size=size) as pilot:
        await ready(pilot, until)
        await pilot.press(*"label-77")
        await until(pilot, lambda: shown(app)[0] == ("label-77", 0.71))
        rows = app.screen.query_one(ScoreBars).size.height
        assert 3 <= rows < 20
        assert any(f"… {150 - rows + 1} more" in line for line in lines(app))
        await pilot.press("tab", "end")
        await until(pilot, lambda: any("label-149" in line for line in lines(app)))
        assert not any("more" in line for line in lines(app)[4:-1])


async def test_colours_follow_the_theme(here: Workspace, held: HeldBack, until: Until) -> None:
    app = Workbench(here)
    async with app.run_test() as pilot:
        await ready(pilot, until)
        before = [score.colour for score in app.screen.query_one(ScoreBars).scores]
        assert before == list(app.looks["grey"].labels[:3])
        app.theme = "paper"
        await until(
            pilot,
            lambda: (
                [score.colour for score in app.screen.query_one(ScoreBars).scores]
                == list(app.looks["paper"].labels[:3])
            ),
        )


_LATE = """
import asyncio, sys
from tlworkbench.tui.app import Workbench
from tlworkbench.workspace import open_workspace

def text(app):
    return "".join(strip.text for strip in app.screen._compositor.render_strips())

async def main():
    app = Workbench(open_workspace("tweets"))
    async with app.run_test() as pilot:
        while app.current_mode != "train":
            await pilot.pause(0.01)
        before = "onnxruntime" in sys.modules or "tokenizers" in sys.modules
        app.go("predict")
        while app.current_mode != "predict" or "Variants of" not in text(app):
            await pilot.pause(0.01)
    print(before, "onnxruntime" in sys.modules)

asyncio.run(main())
"""


def test_the_runtime_is_not_loaded_before_the_screen_opens(here: Workspace) -> None:
    export(here)
    here.update(where={"screen": "train"})
    ran = subprocess.run([sys.executable, "-c", _LATE], capture_output=True, text=True, timeout=120, check=True)
    assert ran.stdout.split() == ["False", "True"] and ran.stderr == ""
