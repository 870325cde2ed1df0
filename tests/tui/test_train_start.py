"""The form that starts a run: every setting is within reach, is checked, and has a way back."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import App
from textual.pilot import Pilot

from tlworkbench.jobs.folder import list_jobs
from tlworkbench.jobs.setting_text import defaults, spec_of
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.jobs.spec_fields import SpecField
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.screens.train import TrainScreen
from tlworkbench.tui.screens.train_counts import Counts
from tlworkbench.tui.screens.train_options import Group, Options, groups, remembered, to_keep
from tlworkbench.tui.screens.train_start import StartRun, steps_of
from tlworkbench.tui.widgets.option_lines import group_line, setting_line
from tlworkbench.workspace import Workspace

Until = Callable[..., Awaitable[None]]
Lines = Callable[[App[Any]], list[str]]
Engine = Callable[[str], None]

SIZES = [(80, 24), (140, 45)]


def shown(lines: list[str], *words: str) -> bool:
    whole = "\n".join(lines)
    return all(word in whole for word in words)


def line_of(lines: list[str], label: str) -> str:
    """The line of the screen that begins with a setting's name."""
    return next((line for line in lines if line.strip(" │●▸▾").startswith(label)), "")


def names(options: Options) -> list[str]:
    return [line.name for line in options.lines if isinstance(line, SpecField)]


# What the form holds


def test_every_setting_is_in_one_group() -> None:
    grouped = [name for group in groups() for name in group.settings]
    assert sorted(grouped) == sorted(TrainSpec.__struct_fields__)
    every = Options(remembered({}, "bundled"), frozenset(group.name for group in groups()))
    assert sorted(names(every)) == sorted(TrainSpec.__struct_fields__)


def test_the_first_page_holds_the_usual_ones_and_the_names_of_the_others() -> None:
    options = Options(remembered({}, "bundled"))
    assert names(options)[:4] == ["model", "strategy", "epochs", "learning_rate"]
    assert len(options.lines) <= 14
    folded = [line for line in options.lines if isinstance(line, Group)]
    assert [group.name for group in folded] == [group.name for group in groups()[1:]]
    told = group_line(folded[0], options, 74).plain
    assert told.startswith("▸ rows") and "class weights" in told
    changed = group_line(folded[0], options.with_value("max_eval_rows", "50"), 74).plain
    assert "● max eval rows 50, max train rows" in changed


@pytest.mark.parametrize(
    ("query", "first"),
    [("warm", "warmup"), ("smooth", "label_smoothing"), ("clip", "max_grad_norm"), ("patience", None), ("lr", None)],
)
def test_a_setting_is_found_by_a_part_of_its_name_or_of_what_it_does(query: str, first: str | None) -> None:
    found = names(Options(remembered({}, "bundled")).looking_for(query))
    assert first is None or found[0] == first
    assert "seed" not in found


def test_what_was_found_is_there_in_its_group() -> None:
    options = Options(remembered({}, "bundled")).looking_for("warm").revealing("warmup")
    assert options.query is None and options.place_of("warmup") is not None
    assert options.place_of("label_smoothing") is None


def test_choices_go_round_and_typed_values_stay() -> None:
    options = Options(remembered({}, "bundled"))
    assert options.turned("schedule", 1).values["schedule"] == "cosine"
    assert options.turned("schedule", -1).values["schedule"] == "constant"
    assert options.turned("class_weights", 1).values["class_weights"] == "auto"
    typed = options.with_value("class_weights", "a = 2")
    assert typed.turned("class_weights", 1) == typed
    assert typed.with_default("class_weights").values["class_weights"] == "none"


def test_a_strategy_brings_its_learning_rate_unless_one_was_typed() -> None:
    options = Options(remembered({}, "bundled")).with_value("strategy", "lora")
    assert options.values["learning_rate"] == "1e-3" and options.changed == {"strategy": "lora"}
    assert options.with_value("strategy", "full").values["learning_rate"] == "1e-4"
    typed = options.with_value("learning_rate", "1e-4")
    assert typed.changed == {"strategy": "lora", "learning_rate": "1e-4"}
    spec = spec_of(typed.values)
    assert spec is not None and (spec.strategy, spec.learning_rate) == ("lora", 1e-4)
    assert typed.with_default("learning_rate").values["learning_rate"] == "1e-3"
    assert remembered({"strategy": "lora"}, "bundled")["learning_rate"] == "1e-3"


def test_a_line_tells_its_change_its_fault_or_why_it_has_no_say() -> None:
    options = Options(remembered({}, "bundled"))
    by_name = {line.name: line for line in options.lines if isinstance(line, SpecField)}
    plain = setting_line(by_name["epochs"], options, 76, False).plain
    assert plain.split() == ["epochs", "3", "Passes", "over", "the", "training", "rows."]
    changed = setting_line(by_name["epochs"], options.with_value("epochs", "5"), 76, False).plain
    assert changed.startswith("● epochs") and changed.rstrip().endswith("default 3")
    wrong = setting_line(by_name["epochs"], options.with_value("epochs", "x"), 76, False).plain
    assert "✗ a number above 0" in wrong
    silent = setting_line(by_name["epochs"], options.with_value("strategy", "head"), 76, False).plain
    assert silent.rstrip().endswith("no say with strategy head")
    at_cursor = setting_line(by_name["strategy"], options, 74, True, {"full": "about 4 min, 1.6 GB"}).plain
    assert "◂ full ▸" in at_cursor and at_cursor.rstrip().endswith("about 4 min, 1.6 GB")


def test_what_was_typed_last_is_there_again_but_nothing_that_is_wrong_now() -> None:
    kept = {"epochs": "5", "seed": 9, "batch_size": "many", "model": "old", "unknown": "x"}
    values = remembered(kept, "bundled")
    assert values["epochs"] == "5" and values["batch_size"] == "32" and values["seed"] == "7"
    assert values["model"] == "bundled" and set(values) == set(TrainSpec.__struct_fields__)
    assert to_keep(values) == {"epochs": "5"}


def test_the_number_of_steps_is_told_beforehand() -> None:
    counts = Counts(("a", "b"), (60, 41), (10, 10))
    values = remembered({}, "bundled")
    assert steps_of(values, counts) == 12
    assert steps_of(values | {"max_train_rows": "32", "epochs": "2.5"}, counts) == 3
    assert steps_of(values | {"strategy": "head"}, counts) == 1
    assert steps_of(values, None) is None and steps_of(values | {"epochs": "x"}, counts) is None


# The form on the screen


@pytest.fixture
def ready(trainable: Workspace, engine: Engine) -> Workspace:
    """Rows of three classes and a model, on the Train screen; a run ends at once."""
    engine("done()")
    trainable.update(model="bundled", where={"screen": "train"})
    return trainable


async def opened(pilot: Pilot[Any], until: Until, lines: Lines) -> StartRun:
    """Open the form and wait until it knows the rows."""
    await until(pilot, lambda: isinstance(pilot.app.screen, TrainScreen))
    await pilot.press("s")
    await until(pilot, lambda: shown(lines(pilot.app), "8 rows to train on, 3 to validate on", "steps"))
    assert isinstance(pilot.app.screen, StartRun)
    return pilot.app.screen


async def started(pilot: Pilot[Any], until: Until, workspace: Workspace) -> TrainSpec:
    """Start it, and what the run is to do."""
    await pilot.press("enter")
    await until(pilot, lambda: len(list_jobs(workspace.jobs_dir)) > 0)
    spec = list_jobs(workspace.jobs_dir)[-1].spec()
    assert isinstance(spec, TrainSpec)
    return spec


@pytest.mark.parametrize("size", SIZES)
async def test_wrong_settings_are_told_in_their_line_and_good_ones_remembered(
    ready: Workspace, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    app = Workbench(ready)
    async with app.run_test(size=size) as pilot:
        form = await opened(pilot, until, lines)
        assert shown(lines(app), "negative", "38 %", "3 steps")
        await pilot.press("0", "down", *"1e", "enter")
        assert isinstance(app.screen, StartRun) and list_jobs(ready.jobs_dir) == []
        assert "✗ a number above 0" in line_of(lines(app), "epochs")
        assert "✗ a number above 0" in line_of(lines(app), "learning rate")
        # The cursor is on the first of them.
        await pilot.press("2", "down", *"5e-5", "down", *"16")
        assert not shown(lines(app), "✗")
        assert form.options.changed == {"epochs": "2", "learning_rate": "5e-5", "batch_size": "16"}
        assert all(cell_len(line) <= size[0] for line in lines(app))
        spec = await started(pilot, until, ready)
        assert spec == TrainSpec(model="bundled", epochs=2, batch_size=16, learning_rate=5e-5, journal_version=0)
        await until(pilot, lambda: shown(lines(app), "✓ done"))
        form = await opened(pilot, until, lines)
        assert form.options.values["learning_rate"] == "5e-5"
        assert "default 1e-4" in line_of(lines(app), "learning rate")


async def test_choices_turn_and_what_has_no_say_is_dimmed_with_the_reason(
    ready: Workspace, until: Until, lines: Lines
) -> None:
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, until, lines)
        await pilot.press("up", "left")
        await until(pilot, lambda: shown(lines(app), "◂ head ▸", "no say with strategy head", "1 step "))
        await pilot.press("space")
        await until(pilot, lambda: shown(lines(app), "◂ full ▸", "3 steps"))
        await pilot.press("left")
        spec = await started(pilot, until, ready)
        assert spec.strategy == "head"


async def test_a_setting_is_found_by_typing_changed_and_put_back(ready: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        form = await opened(pilot, until, lines)
        assert line_of(lines(app), "warmup") == ""
        await pilot.press(*"warm")
        await until(pilot, lambda: "0.1" in line_of(lines(app), "warmup"))
        await pilot.press("enter", *"0.2")
        await until(pilot, lambda: "default 0.1" in line_of(lines(app), "warmup"))
        assert shown(lines(app), "ctrl+d back to 0.1", "Share of the steps in which the learning rate rises")
        await pilot.press("ctrl+d")
        assert form.options.changed == {} and "default" not in line_of(lines(app), "warmup")
        # Esc leaves the search for a setting, and only then the form.
        await pilot.press("slash", *"seed", "escape")
        await until(pilot, lambda: line_of(lines(app), "seed") != "")
        assert isinstance(app.screen, StartRun)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, TrainScreen))


async def test_groups_unfold_and_a_table_is_typed_in_its_line(ready: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        form = await opened(pilot, until, lines)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "none" in line_of(lines(app), "class weights"))
        await pilot.press("down", "down", "down", "right")
        assert form.options.values["class_weights"] == "auto"
        await pilot.press(*"negative", "space", "equals_sign", "space", "2", "comma", *"neutral", "equals_sign", *".5")
        assert form.options.values["class_weights"] == "negative = 2,neutral=.5" and form.options.wrong == {}
        await pilot.press("shift+tab", "left")
        await until(pilot, lambda: shown(lines(app), "▸ rows", "● class weights negative = 2,neutral=.5"))
        spec = await started_from_above(pilot, until, ready)
        assert spec.class_weights == {"negative": 2.0, "neutral": 0.5}


async def started_from_above(pilot: Pilot[Any], until: Until, workspace: Workspace) -> TrainSpec:
    """Enter on a group would unfold it."""
    await pilot.press("up")
    return await started(pilot, until, workspace)


async def test_the_cursor_stays_in_sight_and_every_line_can_be_reached(
    ready: Workspace, until: Until, lines: Lines
) -> None:
    app = Workbench(ready)
    async with app.run_test(size=(80, 24)) as pilot:
        form = await opened(pilot, until, lines)
        for group in groups()[1:]:
            await pilot.press("tab", "right")
            assert shown(lines(app), f"▾ {group.name}")
        place = form.options.place_of("epochs")
        assert place is not None
        form._go(0)
        for line in form.options.lines:
            await pilot.pause()
            label = line.name if isinstance(line, Group) else line.label
            assert line_of(lines(app), label), f"{label} is out of sight"
            if isinstance(line, SpecField) and line.free:
                assert app.focused is not None and app.focused.id == "value"
                assert app.focused.region.y == next(
                    at for at, text in enumerate(lines(app)) if text.strip(" │●").startswith(label)
                )
            await pilot.press("down")
        assert set(form.options.values) == set(defaults())
