"""Putting labels right by keyboard: what is on disk, and what the screen says."""

import csv
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from tlworkbench.data.journal import Journal
from tlworkbench.data.row_edits import RowEdit
from tlworkbench.data.search import search_texts
from tlworkbench.errors import UserError
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.screens.choose import Choose
from tlworkbench.tui.screens.data import DataScreen
from tlworkbench.tui.screens.label_set import LabelSetDialog
from tlworkbench.tui.screens.open_dataset import completion
from tlworkbench.tui.widgets.row_table import RowTable
from tlworkbench.workspace import Workspace, open_workspace

Until = Callable[..., Awaitable[None]]
Lines = Callable[[App[Any]], list[str]]
Engine = Callable[[str], None]
MakeRows = Callable[..., Workspace]
SIZES = [(80, 24), (140, 45)]


def table(app: Workbench) -> RowTable:
    return next(screen for screen in app.screen_stack if isinstance(screen, DataScreen)).query_one(RowTable)


async def opened(app: Workbench, pilot: Pilot[None], until: Until) -> None:
    await until(pilot, lambda: isinstance(app.screen, DataScreen) and table(app).row is not None)


def at_once(app: Workbench, keys: str) -> None:
    """Keys that arrive faster than anything is painted."""
    for key in keys:
        name = {"/": "slash", "\r": "enter", ":": "colon", " ": "space"}.get(key, key)
        event = events.Key(name, None if key == "\r" else key)
        event.set_sender(app)
        app.post_message(event)


def overrides(workspace: Workspace) -> dict[int, RowEdit]:
    """What the journal on disk says, by row."""
    rows = workspace.rows()
    with workspace.journal(rows) as journal:
        return {row: edit for edit in journal.overrides() if (row := rows.index_of(edit.key)) is not None}


def labels(workspace: Workspace) -> dict[int, str]:
    """Label names set by hand, by row."""
    with workspace.journal() as journal:
        names = {label.id: label.name for label in journal.label_set().labels}
    return {row: names.get(edit.label, "") for row, edit in overrides(workspace).items() if edit.label is not None}


def line_of(shown: list[str], text: str) -> str:
    return next((line for line in shown if text in line), "")


@pytest.mark.parametrize("size", SIZES)
async def test_a_digit_labels_the_row_and_goes_on(
    tweets: Workspace, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=size) as pilot:
        await opened(app, pilot, until)
        await pilot.press("3")
        assert labels(tweets) == {0: "positive"}
        await until(pilot, lambda: "row 2 of 8" in "\n".join(lines(app)))
        shown = lines(app)
        assert "✎  positive  still waiting" in line_of(shown, "still waiting")
        assert "row 1 → positive · 1 done · row 2 of 8" in "\n".join(shown)
        assert line_of(shown, "positive  love it").lstrip("│╭ ").startswith("▌")
        assert "8 rows · 1 edit" in shown[0]
        assert "1 negative 25 %" in "\n".join(shown) and "3 positive 38 %" in "\n".join(shown)


async def test_keys_faster_than_paint_label_one_row_each(tweets: Workspace, until: Until) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        at_once(app, "12321")
        await until(pilot, lambda: table(app).place == 5)
    assert labels(tweets) == {0: "negative", 1: "neutral", 2: "positive", 3: "neutral", 4: "negative"}


async def test_keys_typed_ahead_of_a_search_meet_the_row_that_is_found(tweets: Workspace, until: Until) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        at_once(app, "/night\r1")
        await until(pilot, lambda: labels(tweets))
    assert labels(tweets) == {5: "negative"}


async def test_keys_wait_for_a_search_that_takes_long(
    tweets: Workspace, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*arguments: object, **options: object) -> object:
        released.wait(20)
        return search_texts(*arguments, **options)  # type: ignore[arg-type]

    released = threading.Event()
    monkeypatch.setattr("tlworkbench.tui.widgets.search_line.search_texts", slow)
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        at_once(app, "/night\r1")
        await pilot.pause(0.2)
        assert labels(tweets) == {} and table(app).place == 0
        released.set()
        await until(pilot, lambda: labels(tweets))
    assert labels(tweets) == {5: "negative"}


async def test_a_search_that_comes_in_one_burst_labels_nothing(tweets: Workspace, until: Until) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        at_once(app, "/12 xu\r:7\r")
        await until(pilot, lambda: table(app).place == 6)
    assert overrides(tweets) == {}


async def test_nothing_shows_that_is_not_on_disk(
    tweets: Workspace, until: Until, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise UserError("the disk is full; nothing was changed", "Free some space.")

    monkeypatch.setattr(Journal, "set_label", full)
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(app, pilot, until)
        await pilot.press("3")
        await until(pilot, lambda: any("the disk is full" in line for line in lines(app)))
        assert table(app).place == 0
        assert "negative  still waiting" in line_of(lines(app), "still waiting")
    assert labels(tweets) == {}


async def test_undo_and_redo_lead_to_the_row(tweets: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("3", "3", "end")
        assert table(app).place == 7
        await pilot.press("u")
        assert table(app).place == 1 and labels(tweets) == {0: "positive"}
        assert "took back: 1 row → positive" in "\n".join(lines(app))
        await pilot.press("u")
        assert table(app).place == 0 and labels(tweets) == {}
        await pilot.press("u")
        await until(pilot, lambda: "nothing to undo" in "\n".join(lines(app)))
        await pilot.press("ctrl+r", "ctrl+r")
        assert table(app).place == 1 and labels(tweets) == {0: "positive", 1: "positive"}


async def test_exclude_and_flag_are_on_and_off(tweets: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("x", "f")
        assert [(edit.excluded, edit.flagged) for edit in overrides(tweets).values()] == [(True, True)]
        assert "∅⚑" in line_of(lines(app), "still waiting")
        await pilot.press("x", "f")
        assert [(edit.excluded, edit.flagged) for edit in overrides(tweets).values()] == [(False, False)]
        assert "∅" not in "".join(lines(app))


async def test_marked_rows_are_labelled_in_one_edit(tweets: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("space", "down", "space", "space", "up", "space")
        assert table(app).marked().tolist() == [0, 2]
        assert "2 marked" in "\n".join(lines(app))
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        assert "2 rows marked" in "\n".join(lines(app))
        await pilot.press(*"posi", "enter")
        await until(pilot, lambda: labels(tweets) == {0: "positive", 2: "positive"})
        assert not len(table(app).marked())
        await pilot.press("u")
        assert labels(tweets) == {}


async def test_search_counts_while_typing_and_walks_the_matches(tweets: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("/", *"moved")
        await until(pilot, lambda: "2 rows" in line_of(lines(app), "/ moved"))
        assert table(app).place == 0
        await pilot.press("enter")
        await until(pilot, lambda: table(app).place == 2)
        assert "match 1 of 2" in "\n".join(lines(app)) and "/moved" in lines(app)[1]
        await pilot.press("n")
        assert table(app).place == 7 and "match 2 of 2" in "\n".join(lines(app))
        await pilot.press("n")
        assert table(app).place == 2
        await pilot.press("N")
        assert table(app).place == 7
        await pilot.press("V")
        assert len(table(app).view) == 2 and table(app).row == 7
        await pilot.press("escape")
        assert len(table(app).view) == 8 and table(app).row == 7
        await pilot.press("escape")
        assert "/moved" not in lines(app)[1]


async def test_a_search_that_finds_nothing_and_one_that_is_wrong_say_so(
    tweets: Workspace, until: Until, lines: Lines
) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("/", *"zebra")
        await until(pilot, lambda: "0 rows" in "\n".join(lines(app)))
        await pilot.press("enter")
        await until(pilot, lambda: "no row holds 'zebra'" in "\n".join(lines(app)))
        assert table(app).place == 0
        await pilot.press("/", *"re:(")
        await until(pilot, lambda: "is no regular expression" in "\n".join(lines(app)))
        await pilot.press("escape")
        await until(pilot, lambda: "/zebra" in lines(app)[1])


async def test_a_row_is_reached_by_its_number(tweets: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(app, pilot, until)
        await pilot.press(":", "6", "enter")
        await until(pilot, lambda: table(app).place == 5)
        await pilot.press(":", "9", "enter")
        await until(pilot, lambda: "there is no row '9'" in "\n".join(lines(app)))


async def test_the_cursor_goes_by_all_its_keys(tweets: Workspace, until: Until) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        seen = []
        for key in ("j", "down", "k", "up", "up", "pagedown", "pageup", "end", "j", "home"):
            await pilot.press(key)
            seen.append(table(app).place)
        assert seen == [1, 2, 1, 0, 0, 7, 0, 7, 7, 0]


async def test_the_whole_row_is_told(make_rows: MakeRows, until: Until, lines: Lines) -> None:
    text = "a very long text " * 12 + "\x1b[31mred\x1b[0m \u202ebackwards the end"
    workspace = make_rows([text, "short"], ["a", "b"], stars=[5, 1])
    app = Workbench(workspace)
    async with app.run_test(size=(140, 45)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("2", "up")
        shown = "\n".join(lines(app))
        assert "red backwards the end" in shown.replace("│\n", "\n") or "backwards the end" in shown
        assert "source   a" in shown and "now      b" in shown and "marks    edited" in shown
        assert "split    train" in shown and "stars    5" in shown and "key" in shown
        assert "\x1b" not in shown and "\u202e" not in shown
        await pilot.press("d")
        assert "source   a" not in "\n".join(lines(app))


async def test_at_80_columns_the_row_stands_below(tweets: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("3", "up")
        shown = lines(app)
        at = next(number for number, line in enumerate(shown) if "Row 1" in line)
        assert at > 12
        assert "positive  source negative  edited  train  key" in shown[at + 1]
        assert "still waiting for my refund" in shown[at + 2]


async def test_a_label_of_many_is_picked_by_its_two_letters(make_rows: MakeRows, until: Until, lines: Lines) -> None:
    names = [f"class {chr(97 + n)}{n}" for n in range(26)]
    workspace = make_rows([f"text {n}" for n in range(52)], names * 2)
    app = Workbench(workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        assert "more l" in "\n".join(lines(app))
        await pilot.press("l", "c", "z")
        await until(pilot, lambda: labels(workspace) == {0: "class z25"})
        assert table(app).place == 1


async def test_a_digit_without_a_label_changes_nothing(tweets: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(app, pilot, until)
        assert lines(app)[-1].startswith(" 1-3 label + next")
        await pilot.press("7")
        await until(pilot, lambda: "there is no label on 7" in "\n".join(lines(app)))
        assert table(app).place == 0 and overrides(tweets) == {}


async def test_five_stars_become_three_classes_in_a_few_keys(make_rows: MakeRows, until: Until, lines: Lines) -> None:
    workspace = make_rows([f"review {n}" for n in range(15)], [1, 2, 3, 4, 5] * 3)
    app = Workbench(workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, LabelSetDialog))
        await pilot.press("r", *"bad", "enter", "m", "r", *"ok", "enter", "r", *"good", "enter", "m")
        await until(pilot, lambda: "bad 6   ok 3   good 6" in line_of(lines(app), "after"))
        with workspace.journal() as journal:
            assert journal.edit_count == 0
        await pilot.press("enter")
        await until(pilot, lambda: "1 bad" in "\n".join(lines(app)))
        with workspace.journal() as journal:
            assert journal.label_set().names == ("bad", "ok", "good") and journal.edit_count == 1
        await pilot.press("u")
        with workspace.journal() as journal:
            assert journal.label_set().names == ("1", "2", "3", "4", "5")


async def test_labels_are_dropped_added_and_ordered(tweets: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("L", "x", "a", *"unsure", "enter", "end", "K")
        await until(pilot, lambda: "3 rows without a label" in "\n".join(lines(app)))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DataScreen))
        with tweets.journal() as journal:
            assert journal.label_set().names == ("neutral", "unsure", "positive")
        await until(pilot, lambda: "3 without a label" in "\n".join(lines(app)))


async def test_edits_of_another_program_show(tweets: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(140, 45)) as pilot:
        await opened(app, pilot, until)
        rows = tweets.rows()
        with tweets.journal(rows) as journal:
            journal.set_label([int(rows.keys[1])], 0)
            journal.map_labels({"neutral": "so-so"})
        await until(pilot, lambda: "negative  love it" in "\n".join(lines(app)), seconds=3)
        assert "so-so     they moved" in "\n".join(lines(app)) and "2 edits" in lines(app)[0]


async def test_the_next_start_is_where_this_one_was(tweets: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("/", *"moved", "enter", "n", "d")
        await until(pilot, lambda: open_workspace("tweets").info.where.get("data", {}).get("detail") is False)
        # Without a word of farewell, as after a crash.
        again = Workbench(open_workspace("tweets"))
        async with again.run_test(size=(80, 24)) as second:
            await opened(again, second, until)
            await until(second, lambda: "match 2 of 2" in "\n".join(lines(again)))
            assert table(again).place == 7
            assert "Row 8" not in "\n".join(lines(again))


async def test_rows_that_another_screen_asked_for_stand_alone_until_esc(
    tweets: Workspace, until: Until, lines: Lines
) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        keys = [int(key) for key in tweets.rows().keys[[6, 1]]]
        app.go("train")
        await pilot.pause()
        app.show_rows([*keys, 12345], "negative taken for positive")
        await until(pilot, lambda: "negative taken for positive" in lines(app)[1])
        assert [table(app).view.row(place) for place in range(2)] == [6, 1]
        assert "row 1 of 2, 8 in all" in "\n".join(lines(app)) and "1 row no longer in the dataset" in "\n".join(
            lines(app)
        )
        await pilot.press("2", "escape")
        assert len(table(app).view) == 8 and labels(tweets) == {6: "neutral"}


async def test_an_empty_workspace_says_which_key_fills_it(workspace: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(workspace)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: "No dataset yet" in "\n".join(lines(app)))
        assert "i opens one" in "\n".join(lines(app))
        assert lines(app)[-1] == " i open dataset  ? keys"
        await pilot.press("1", "u", "x")
        assert app.is_running and not workspace.labels_file.exists()


IMPORT = """
from tlworkbench.data.part_file import PART_NAME
from tlworkbench.data.rows_writer import RowsWriter
import csv, pyarrow as pa
rows = list(csv.DictReader(open(spec.source)))
go = Path(spec.source).with_name("go")
with RowsWriter(context.job.path / PART_NAME, source=spec.source, text=("text",), label="label") as writer:
    for start in range(0, len(rows), 300):
        part = rows[start:start + 300]
        writer.write("train", pa.table({"text": [r["text"] for r in part], "label": [r["label"] for r in part]}))
        context.progress("reading reviews.csv", start + len(part), len(rows))
        if not start:
            until(go.exists)
    writer.close()
    writer.seal(context.workspace / "rows.arrow")
context.note("text is column 'text'")
done(rows=len(rows))
"""


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    file = tmp_path / "reviews.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("text", "label"))
        writer.writerows((f"review {number}", ("bad", "good")[number % 2]) for number in range(700))
    return file


@pytest.mark.parametrize("size", SIZES)
async def test_a_dataset_is_opened_and_its_first_rows_show_while_it_is_read(
    workspace: Workspace, engine: Engine, until: Until, lines: Lines, reviews: Path, size: tuple[int, int]
) -> None:
    engine(IMPORT)
    app = Workbench(workspace)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: "No dataset yet" in "\n".join(lines(app)))
        await pilot.press("i")
        await until(pilot, lambda: "Open a dataset" in "\n".join(lines(app)))
        app.screen.query_one(Input).value = str(reviews)
        await pilot.press("enter")
        for part in ("reading reviews.csv", "43 % · 300 of 700 rows", "review 4", "row 1 of 700 so far"):
            await until(pilot, lambda part=part: part in "\n".join(lines(app)))
        await pilot.press("1")
        await until(pilot, lambda: "they can be looked" in "\n".join(lines(app)).replace("at only", ""))
        reviews.with_name("go").touch()
        await until(pilot, lambda: "700 rows" in lines(app)[0])
        assert len(table(app).view) == 700
        await until(pilot, lambda: "reading reviews.csv" not in "\n".join(lines(app)))
        await until(pilot, lambda: "text is column 'text'" in "\n".join(lines(app)))
        await pilot.press("2")
        assert labels(workspace) == {0: "good"}
    assert open_workspace("tweets").info.source == str(reviews)


async def test_a_wrong_path_is_told_and_starts_nothing(workspace: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(workspace)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: "No dataset yet" in "\n".join(lines(app)))
        await pilot.press("i", *"/nowhere/at.csv", "enter")
        await until(pilot, lambda: "/nowhere/at.csv" in "\n".join(lines(app)))
        assert not workspace.jobs_dir.exists()


async def test_other_rows_are_replaced_only_when_one_says_so(
    tweets: Workspace, engine: Engine, until: Until, lines: Lines, reviews: Path
) -> None:
    engine(IMPORT)
    reviews.with_name("go").touch()
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        for answer in ("escape", "enter"):
            await pilot.press("i")
            app.screen.query_one(Input).value = str(reviews)
            await pilot.press("enter")
            await until(pilot, lambda: "Replace the rows of this workspace?" in "\n".join(lines(app)))
            assert not tweets.jobs_dir.exists()
            await pilot.press(answer)
        await until(pilot, lambda: "row 1 of 700" in "\n".join(lines(app)))


async def test_a_failed_import_is_told_and_leaves_everything(
    tweets: Workspace, engine: Engine, until: Until, lines: Lines
) -> None:
    engine('context.finish(Finished(status="failed", what="no column of texts", hint="Name it with --text."))')
    tweets.update(source=str(tweets.root / "same.csv"))
    (tweets.root / "same.csv").write_text("a,b\n1,2\n")
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(app, pilot, until)
        await pilot.press("i")
        app.screen.query_one(Input).value = str(tweets.root / "same.csv")
        await pilot.press("enter")
        await until(pilot, lambda: "no column of texts" in "\n".join(lines(app)))
        assert "Name it with --text." in "\n".join(lines(app)) and "row 1 of 8" in "\n".join(lines(app))


async def test_damaged_rows_are_told_instead_of_shown(tweets: Workspace, until: Until, lines: Lines) -> None:
    tweets.rows_file.write_bytes(b"ARROW1\0\0nonsense")
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "is damaged" in "\n".join(lines(app)).replace("\n", " "))


async def test_rows_put_in_place_by_another_program_show(
    tweets: Workspace, make_rows: MakeRows, until: Until, lines: Lines
) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("end", "3")
        rows = tweets.rows()
        texts = [rows.text(row) for row in range(len(rows))]
        make_rows(["a new row", *texts], ["neutral", *[rows.meta.label_values[n] for n in rows.source_labels]])
        await until(pilot, lambda: "row 9 of 9" in "\n".join(lines(app)), seconds=5)
        assert "✎  positive  meeting moved to 3" in line_of(lines(app), "positive  meeting")


async def test_a_low_terminal_keeps_its_lines_for_the_rows(tweets: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(60, 15)) as pilot:
        await opened(app, pilot, until)
        shown = lines(app)
        assert "meeting moved to 3" in "\n".join(shown) and "Row 1" not in "\n".join(shown)
        assert all(len(line) <= 60 for line in shown)


async def test_esc_takes_toasts_away(tweets: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(app, pilot, until)
        await pilot.press("7")
        await until(pilot, lambda: "there is no label on 7" in "\n".join(lines(app)))
        await pilot.press("escape")
        await until(pilot, lambda: "there is no label on 7" not in "\n".join(lines(app)))


async def test_keys_typed_ahead_of_a_large_edit_come_after_it(make_rows: MakeRows, until: Until) -> None:
    workspace = make_rows([f"row {n}" for n in range(3000)], ["a", "b"] * 1500)
    app = Workbench(workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        at_once(app, "/row\rVbb\r\r1")
        await until(pilot, lambda: len(labels(workspace)) == 3000 and table(app).place == 1)
    assert labels(workspace)[0] == "a" and set(labels(workspace).values()) == {"a", "b"}


def test_a_path_completes_itself(tmp_path: Path) -> None:
    (tmp_path / "tweets").mkdir()
    (tmp_path / "tweets" / "train.csv").touch()
    (tmp_path / ".hidden").touch()
    assert completion(f"{tmp_path}/tw") == f"{tmp_path}/tweets/"
    assert completion(f"{tmp_path}/tweets/") == f"{tmp_path}/tweets/train.csv"
    assert completion(f"{tmp_path}/x") is None
    assert completion("imdb") is None and completion("/nowhere/at/all/x") is None
