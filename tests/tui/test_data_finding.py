"""Which rows are shown: filter, order, search, and how they end."""

import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import numpy as np
import pytest
from textual.app import App
from textual.pilot import Pilot

from tests.tui.test_data_screen import at_once, labels, opened, table
from tlworkbench.data.search import Batch, search_texts
from tlworkbench.data.suggestions import FILE_NAME, SuggestionColumns, SuggestionsMeta, write_suggestions
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.screens.choose_several import ChooseSeveral
from tlworkbench.tui.screens.data import DataScreen
from tlworkbench.tui.screens.row_filter import FilterDialog
from tlworkbench.tui.screens.row_order import OrderMenu
from tlworkbench.workspace import Workspace, open_workspace

Until = Callable[..., Awaitable[None]]
Lines = Callable[[App[Any]], list[str]]
MakeRows = Callable[..., Workspace]
SIZES = [(80, 24), (140, 45)]


def shown(app: Workbench) -> list[int]:
    view = table(app).view
    return [view.row(place) for place in range(len(view))]


async def pressed(app: Workbench, pilot: Pilot[None], until: Until, *keys: str) -> None:
    """Keys, and wait until the rows are to be seen again."""
    await pilot.press(*keys)
    await until(pilot, lambda: isinstance(app.screen, DataScreen))


@pytest.mark.parametrize("size", SIZES)
async def test_filters_combine_and_tell_what_they_leave(
    tweets: Workspace, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=size) as pilot:
        await opened(app, pilot, until)
        await pilot.press("3", "f", "F")
        await until(pilot, lambda: "8 rows of 8 left" in "\n".join(lines(app)))
        menu = "\n".join(lines(app))
        assert isinstance(app.screen, FilterDialog)
        assert "negative 2   neutral 3   positive 3" in menu and "yes 1             no 7" in menu
        await pilot.press("e", "e")
        await until(pilot, lambda: "7 rows of 8 left" in "\n".join(lines(app)))
        assert "● no 7" in "\n".join(lines(app))
        await pilot.press("f")
        await until(pilot, lambda: "1 row of 8 left" in "\n".join(lines(app)))
        await pressed(app, pilot, until, "enter")
        assert shown(app) == [1]
        assert "not edited · flagged" in lines(app)[1] and "row 1 of 1, 8 in all" in "\n".join(lines(app))
        await pressed(app, pilot, until, "F", "a", "enter")
        assert len(shown(app)) == 8 and table(app).row == 1


async def test_labels_are_chosen_by_typing(make_rows: MakeRows, until: Until, lines: Lines) -> None:
    names = [f"intent {number:03d}" for number in range(150)]
    workspace = make_rows([f"text {number}" for number in range(300)], names * 2)
    app = Workbench(workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("F", "l")
        await until(pilot, lambda: isinstance(app.screen, ChooseSeveral))
        await pressed(app, pilot, until, *"077", "enter", "enter")
        assert shown(app) == [77, 227] and "label intent 077" in lines(app)[1]
        await pilot.press("F", "l")
        await until(pilot, lambda: isinstance(app.screen, ChooseSeveral))
        # Chosen with tab: this one as well.
        await pilot.press(*"149", "tab", "enter")
        await until(pilot, lambda: "● intent 077 2 ● intent 149 2" in "\n".join(lines(app)))
        await pressed(app, pilot, until, "enter")
        assert shown(app) == [77, 149, 227, 299]
        await pressed(app, pilot, until, "F", "l", "enter", "enter")
        assert len(shown(app)) == 300


async def test_every_condition_has_its_line(make_rows: MakeRows, until: Until, lines: Lines) -> None:
    workspace = make_rows(["same", "same", "a longer text", "x"], ["a", "b", "a", None])
    app = Workbench(workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("F")
        await until(pilot, lambda: "1 to 13 characters" in "\n".join(lines(app)))
        await until(pilot, lambda: "comparing" not in "\n".join(lines(app)))
        assert "Press S to look for suspects" in "\n".join(lines(app))
        await pressed(app, pilot, until, "c", "enter")
        assert shown(app) == [0, 1]
        await pilot.press("F", "a", "n", *"4-", "enter", "x", "x")
        await until(pilot, lambda: "3 rows of 4 left" in "\n".join(lines(app)))
        await pilot.press("s", *"b", "enter", "p")
        await until(pilot, lambda: "1 row of 4 left" in "\n".join(lines(app)))
        await pressed(app, pilot, until, "enter")
        assert shown(app) == [1]
        assert "source b · split train · not excluded · ≥ 4 characters" in lines(app)[1]
        # What was predicted is not known: the line says so and does nothing.
        await pressed(app, pilot, until, "F", "d", "backspace", "up", "escape")
        assert shown(app) == [1]


async def test_esc_in_the_menu_leaves_everything_as_before(tweets: Workspace, until: Until) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pressed(app, pilot, until, "F", "e", "escape")
        assert len(shown(app)) == 8


@pytest.mark.parametrize("size", SIZES)
async def test_a_filter_that_leaves_nothing_names_the_key_that_clears_it(
    tweets: Workspace, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=size, notifications=True) as pilot:
        await opened(app, pilot, until)
        await pressed(app, pilot, until, "F", "e", "enter")
        said = "\n".join(lines(app))
        assert (
            "No row is left" in said and "esc clears it   F changes the filter" in said and "no row, 8 in all" in said
        )
        assert "source negative" not in said
        await pilot.press("1", "down", "n")
        await pressed(app, pilot, until, "escape")
        assert len(shown(app)) == 8 and labels(tweets) == {}
        assert "No row is left" not in "\n".join(lines(app)) and "Row 1" in "\n".join(lines(app))


async def test_an_edited_row_stays_until_the_view_is_asked_for_again(
    tweets: Workspace, until: Until, lines: Lines
) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pressed(app, pilot, until, "F", "l", *"neg", "enter", "enter")
        assert shown(app) == [0, 3, 6]
        await pilot.press("3", "3")
        assert shown(app) == [0, 3, 6] and table(app).place == 2
        await pressed(app, pilot, until, "r")
        assert shown(app) == [6] and table(app).row == 6
        assert "1 row shown, 2 fewer than before" in "\n".join(lines(app))
        await pilot.press("u")
        await pressed(app, pilot, until, "F", "enter")
        assert shown(app) == [3, 6]


async def test_keys_typed_ahead_of_a_filter_meet_its_rows(tweets: Workspace, until: Until) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        at_once(app, "Flpos\r\r1")
        await until(pilot, lambda: labels(tweets))
    assert labels(tweets) == {1: "negative"}


async def test_orders_and_their_seed(tweets: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(tweets)
    lengths = {row: len(text) for row, text in enumerate(tweets.rows().texts(range(8)))}
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(app, pilot, until)
        await pressed(app, pilot, until, "o", "l")
        assert shown(app) == sorted(lengths, key=lambda row: -lengths[row])
        assert "longest first" in lines(app)[1] and table(app).place == 0 and not table(app).view.narrowed
        await pilot.press("o", "4", "2")
        await until(pilot, lambda: "random, seed 42" in "\n".join(lines(app)))
        await pressed(app, pilot, until, "enter")
        first = shown(app)
        assert sorted(first) == list(range(8)) and first != list(range(8)) and "random 42" in lines(app)[1]
        await pressed(app, pilot, until, "o", "7", "r")
        assert shown(app) != first
        await pressed(app, pilot, until, "o", "4", "2", "r")
        assert shown(app) == first
        await pressed(app, pilot, until, "o", "f", "end", "1", "home", "down", "down", "2")
        await pressed(app, pilot, until, "o", "t")
        assert shown(app)[:3] == [2, 7, 0]
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, OrderMenu))
        assert "needs suggestions: leave and press S" in "\n".join(lines(app))
        await pressed(app, pilot, until, "s")
        await until(pilot, lambda: "Press S to look for suspects" in "\n".join(lines(app)))
        assert shown(app)[:3] == [2, 7, 0] and "latest edit first" in lines(app)[1]


async def test_found_rows_filter_and_order_are_taken_away_one_by_one(
    tweets: Workspace, until: Until, lines: Lines
) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pressed(app, pilot, until, "F", "l", *"neu", "enter", "enter", "o", "r")
        await pilot.press("/", *"moved")
        await until(pilot, lambda: "2 rows" in "\n".join(lines(app)))
        await pilot.press("enter", "V", "space")
        assert "label neutral · only /moved · random 1" in lines(app)[1] and sorted(shown(app)) == [2, 7]
        titles = []
        for _ in range(5):
            await pilot.press("escape")
            titles.append((len(shown(app)), lines(app)[1].strip("╭─╮ ").removeprefix("Data").strip()))
        assert titles == [
            (2, "label neutral · only /moved · random 1"),
            (3, "label neutral · /moved · random 1"),
            (3, "label neutral · random 1"),
            (8, "random 1"),
            (8, ""),
        ]
        assert shown(app) == list(range(8))


async def test_a_search_counts_what_is_shown_and_what_is_not(tweets: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pressed(app, pilot, until, "F", "l", *"pos", "enter", "enter")
        await pilot.press("/", *"the")
        await until(pilot, lambda: "2 rows, 1 more not shown" in "\n".join(lines(app)))
        await pilot.press("enter")
        assert table(app).row == 1
        await pilot.press("n")
        assert table(app).row == 5
        await pilot.press("/", *"moved", "enter")
        await until(pilot, lambda: "none here, 2 rows not shown" in "\n".join(lines(app)))


async def test_rows_of_a_search_show_while_it_goes_on_and_esc_ends_it(
    tweets: Workspace, until: Until, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, never = threading.Event(), threading.Event()

    def slow(rows: Any, needle: str, *, cancelled: Callable[[], bool]) -> Iterator[Batch]:
        for batch in search_texts(rows, needle):
            yield Batch(batch.rows[:1], 4)
            while not cancelled():
                never.wait(0.02)
            ended.set()

    monkeypatch.setattr("tlworkbench.tui.widgets.search_line.search_texts", slow)
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("/", *"moved")
        await until(pilot, lambda: "1 row · 50 %" in "\n".join(lines(app)))
        assert "/moved" in lines(app)[1]
        await pilot.press("escape")
        await until(pilot, ended.is_set)
        await until(pilot, lambda: "/moved" not in lines(app)[1])


async def test_the_next_start_shows_the_same_rows_in_the_same_order(
    tweets: Workspace, until: Until, lines: Lines
) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pressed(app, pilot, until, "F", "e", "e", "enter", "o", "5", "r")
        await pilot.press("/", *"the")
        await until(pilot, lambda: "3 rows" in "\n".join(lines(app)))
        await pilot.press("enter", "V", "end")
        before, row = shown(app), table(app).row
        await until(pilot, lambda: open_workspace("tweets").info.where.get("data", {}).get("only_found"))
        key = f"{int(tweets.rows().keys[row or 0]):016x}"
        await until(pilot, lambda: open_workspace("tweets").info.where["data"].get("row") == key)
        # Without a word of farewell, as after a crash.
        again = Workbench(open_workspace("tweets"))
        async with again.run_test(size=(80, 24)) as second:
            await opened(again, second, until)
            await until(second, lambda: "not edited · only /the · random 5" in lines(again)[1])
            assert shown(again) == before and table(again).row == row


async def test_what_another_version_kept_does_no_harm(tweets: Workspace, until: Until, lines: Lines) -> None:
    kept = {"filter": {"labels": 7}, "order": "by mood", "seed": "x", "only_found": True, "search": 3, "row": 5}
    tweets.update(where={"screen": "data", "data": kept})
    app = Workbench(open_workspace("tweets"))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(app, pilot, until)
        assert shown(app) == list(range(8)) and table(app).row == 0


async def test_a_filter_that_cannot_be_looked_at_any_more_is_told(
    tweets: Workspace, until: Until, lines: Lines
) -> None:
    tweets.update(where={"screen": "data", "data": {"filter": {"differs": True}, "order": "uncertain"}})
    app = Workbench(open_workspace("tweets"))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(app, pilot, until)
        await until(pilot, lambda: "nothing was predicted" in "\n".join(lines(app)))
        assert shown(app) == list(range(8))


async def test_rows_that_are_asked_for_put_the_filter_aside(tweets: Workspace, until: Until, lines: Lines) -> None:
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pressed(app, pilot, until, "F", "l", *"neu", "enter", "enter", "down")
        keys = [int(key) for key in tweets.rows().keys[[6, 1, 3]]]
        app.go("train")
        await pilot.pause()
        app.show_rows(keys, "negative taken for positive")
        await until(pilot, lambda: "negative taken for positive" in lines(app)[1])
        assert shown(app) == [6, 1, 3]
        await pressed(app, pilot, until, "F", "l", *"neg", "enter", "enter")
        assert shown(app) == [6, 3] and "negative taken for positive · label negative" in lines(app)[1]
        await pressed(app, pilot, until, "o", "l")
        assert shown(app) == [3, 6]
        await pilot.press("escape", "escape", "escape")
        assert shown(app) == [2, 4, 7] and table(app).row == 4 and "label neutral" in lines(app)[1]
        await until(pilot, lambda: "filter" in open_workspace("tweets").info.where["data"])
        assert open_workspace("tweets").info.where["data"]["filter"] == {"labels": ["neutral"]}


async def test_every_part_of_the_title_is_seen_at_80_columns(make_rows: MakeRows, until: Until, lines: Lines) -> None:
    workspace = make_rows(["one two", "two"], ["a rather long name of a label", "another long name of one"])
    app = Workbench(workspace)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("/", *"two", "enter")
        await pressed(app, pilot, until, "F", "l", *"rather", "enter", "s", *"rather", "enter", "p", "enter")
        await pressed(app, pilot, until, "F", "e", "e", "f", "f", "x", "x", "enter", "o", "9", "9", "r")
        title = lines(app)[1]
        assert len(title) == 80
        for part in ("label a", "source", "split t", "not ed", "not fl", "not ex", "/two", "random"):
            assert part in title
        assert np.array_equal(shown(app), [0])


async def test_suggestions_can_be_filtered_and_ordered_by(tweets: Workspace, until: Until, lines: Lines) -> None:
    rows = tweets.rows()
    given, suspicion = rows.source_labels.astype(np.int16), np.linspace(0, 1, 8, dtype=np.float32)
    suggested = given.copy()
    suggested[[2, 5]] = (given[[2, 5]] + 1) % 3
    columns = SuggestionColumns(given, suggested, suspicion, suspicion, 1 - suspicion, suggested != given)
    write_suggestions(tweets.root / FILE_NAME, rows.keys, columns, {}, SuggestionsMeta(model="bundled"))
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, until)
        await pilot.press("F")
        await until(pilot, lambda: "≠ label 2" in "\n".join(lines(app)) and "= label 6" in "\n".join(lines(app)))
        await pressed(app, pilot, until, "d", "enter")
        assert shown(app) == [2, 5] and "predicted ≠ label" in lines(app)[1]
        await pressed(app, pilot, until, "o", "s")
        assert shown(app) == [5, 2]
        await pressed(app, pilot, until, "o", "u")
        assert shown(app) == [2, 5] and "uncertain first" in lines(app)[1]
        # What is accepted stays in sight until r.
        await pilot.press("a")
        assert shown(app) == [2, 5]
        await pressed(app, pilot, until, "r")
        assert shown(app) == [5]
