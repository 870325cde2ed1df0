"""The label set's dialog: keys of labels, rules on the source's values, many labels on a small screen."""

from collections.abc import Callable

from textual.widgets import Input

from tests.tui.conftest import Lines, MakeRows, Until
from tests.tui.test_data_screen import opened
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.dataset.label_plan import LabelPlan
from tlworkbench.tui.screens.label_key import LabelKey
from tlworkbench.tui.screens.label_rules import LabelRules, ValueList
from tlworkbench.tui.screens.label_set import LabelSetDialog, PlanList


def shown(app: Workbench, lines: Lines) -> str:
    return "\n".join(lines(app))


def on(app: Workbench, kind: type[object]) -> Callable[[], bool]:
    return lambda: isinstance(app.screen, kind)


def test_a_key_moves_to_another_label_and_the_one_that_had_it_takes_the_free_one() -> None:
    plan = LabelPlan.of([("a", 3, "1"), ("b", 2, "2"), ("c", 1, "")])
    swapped = plan.keyed(0, "2")
    assert [label.key for label in swapped.labels] == ["2", "1", ""] and swapped.changed
    assert swapped.new_keys() == [("a", "2"), ("b", "1")]
    assert [label.key for label in plan.keyed(2, "1").labels] == ["", "2", "1"]
    assert [label.key for label in plan.keyed(1, "").labels] == ["1", "", ""]
    assert not swapped.keyed(1, "2").changed and plan.keyed(1, "").keyed(0, "").new_keys() == [("a", ""), ("b", "")]


async def test_labels_change_keys_and_keep_them(make_rows: MakeRows, until: Until, lines: Lines) -> None:
    workspace = make_rows([f"text {n}" for n in range(6)], ["a", "b", "c"] * 2)
    app = Workbench(workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("L")
        await until(pilot, on(app, LabelSetDialog))
        await pilot.press("k")
        await until(pilot, on(app, LabelKey))
        assert "Key for a" in shown(app, lines) and "2  b" in shown(app, lines)
        await pilot.press("2")
        await until(pilot, lambda: "2*  a" in shown(app, lines) and "1*  b" in shown(app, lines))
        await pilot.press("down", "down", "k", "-")
        await until(pilot, lambda: "-*  c" in shown(app, lines))
        with workspace.journal() as journal:
            assert journal.edit_count == 0
        await pilot.press("enter")
        await until(pilot, lambda: "1 b" in shown(app, lines) and "2 a" in shown(app, lines))
        with workspace.journal() as journal:
            assert [(label.name, label.shortcut) for label in journal.label_set().labels] == [
                ("a", "2"),
                ("b", "1"),
                ("c", ""),
            ]


async def test_rules_show_what_they_bring_as_they_are_typed_and_are_one_edit(
    make_rows: MakeRows, until: Until, lines: Lines
) -> None:
    workspace = make_rows([f"review {n}" for n in range(15)], [1, 2, 3, 4, 5] * 3)
    app = Workbench(workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("L", "R")
        await until(pilot, on(app, LabelRules))
        app.screen.query_one(Input).value = "..2=bad; 3="
        await until(pilot, lambda: "after  bad 6   4 3   5 3   3 rows without a label" in shown(app, lines))
        app.screen.query_one(Input).value = "..2=bad; 9..7=x"
        await until(pilot, lambda: "9 is more than 7" in shown(app, lines))
        await pilot.press("enter")
        assert isinstance(app.screen, LabelRules), "rules that can't be read are not carried out"
        app.screen.query_one(Input).value = "..2=bad; 3=ok; *=good; 9=never"
        await until(pilot, lambda: "no value fits 9" in shown(app, lines) and "good 6" in shown(app, lines))
        await pilot.press("enter")
        await until(pilot, lambda: "1 bad" in shown(app, lines) and "ok" in lines(app)[-2] + shown(app, lines))
        with workspace.journal() as journal:
            assert journal.label_set().names == ("bad", "ok", "good") and journal.edit_count == 1
            assert journal.edits()[0].means == "rule"
        await pilot.press("u")
        with workspace.journal() as journal:
            assert journal.label_set().names == ("1", "2", "3", "4", "5")


async def test_rules_wait_until_other_changes_are_applied(make_rows: MakeRows, until: Until, lines: Lines) -> None:
    workspace = make_rows(["one", "two"], ["a", "b"])
    app = Workbench(workspace)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(app, pilot, until)
        await pilot.press("L", "x", "R")
        await until(pilot, lambda: "rules are an edit of their own" in shown(app, lines))
        assert isinstance(app.screen, LabelSetDialog)
        await pilot.press("up", "x", "R")
        await until(pilot, on(app, LabelRules))


async def test_a_hundred_and_fifty_labels_scroll_on_a_small_screen(
    make_rows: MakeRows, until: Until, lines: Lines
) -> None:
    workspace = make_rows([f"text {n}" for n in range(300)], [f"class number {n:03d}" for n in range(150)] * 2)
    app = Workbench(workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("L")
        await until(pilot, on(app, LabelSetDialog))
        await pilot.press("end", "x")
        await until(pilot, lambda: "dropped" in shown(app, lines))
        text = shown(app, lines)
        assert "class number 149" in text and "2 rows without a label" in text and "more" in text
        for key in ("enter apply", "k key", "R by rule", "esc leave"):
            assert key in text
        assert app.screen.query_one(PlanList).cursor == 149
        await pilot.press("x", "R")
        await until(pilot, on(app, LabelRules))
        await pilot.press(*(["pagedown"] * 20))
        await until(pilot, lambda: "class number 149" in shown(app, lines))
        assert app.screen.query_one(ValueList).cursor == 149
        app.screen.query_one(Input).value = "re:14.$=last ten"
        await until(pilot, lambda: "→ last ten" in shown(app, lines) and " 20 " in shown(app, lines))
