"""Suspects on the Data screen: the job's line, the queue, rows like one, what the relabelling brought."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.app import App
from textual.pilot import Pilot

from tlworkbench.data.embedding_files import EmbeddingsMeta, append
from tlworkbench.data.embeddings import embeddings_folder
from tlworkbench.jobs.folder import list_jobs
from tlworkbench.jobs.spec import SuspectsSpec
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.screens.data import DataScreen
from tlworkbench.tui.screens.gain import GainDialog, gain_words
from tlworkbench.tui.widgets.row_table import RowTable
from tlworkbench.workspace import Workspace

Until = Callable[..., Awaitable[None]]
Lines = Callable[[App[Any]], list[str]]
Engine = Callable[[str], None]

# Says that rows 2 and 5 are suspects, the second one more so.
SUSPECTS = """
import numpy as np
from tlworkbench.data.suggestions import FILE_NAME, SuggestionColumns, SuggestionsMeta, write_suggestions
from tlworkbench.workspace import open_workspace
workspace = open_workspace(str(context.workspace))
rows = workspace.rows()
given = workspace.labelling().current
suspicion = np.linspace(0.1, 0.2, len(rows)).astype(np.float32)
suspect = np.zeros(len(rows), bool)
suspect[[2, 5]], suspicion[2], suspicion[5] = True, 0.8, 0.9
suggested = np.where(suspect, (given + 1) % 3, given).astype(np.int16)
columns = SuggestionColumns(given, suggested, suspicion, suspicion, suspicion, suspect)
go = context.workspace / "go"
context.progress("embedding", 3, len(rows), seconds_left=65)
until(go.exists)
if not context.stop_requested:
    meta = SuggestionsMeta(model=spec.model, embeddings="fake", journal_version=spec.journal_version)
    write_suggestions(workspace.root / FILE_NAME, rows.keys, columns, {}, meta)
context.note("not judged, as no other text has the label: odd")
status = "stopped" if context.stop_requested else "done"
context.finish(Finished(status=status, what="2 suspects in 8 labelled rows", result={"suspects": 2}))
"""
GAIN = {
    "rows": 2000,
    "accuracy": {"before": 0.694, "after": 0.711, "change": 0.017, "low": 0.004, "high": 0.031},
    "macro_f1": {"before": 0.68, "after": 0.69, "change": 0.01, "low": -0.002, "high": 0.02},
    "by_labels_before": {"accuracy": {"before": 0.69, "after": 0.7, "change": 0.01, "low": 0, "high": 0.1}},
    "relabelled": {"train": 37, "validation": 4},
}


def table(app: Workbench) -> RowTable:
    return next(screen for screen in app.screen_stack if isinstance(screen, DataScreen)).query_one(RowTable)


def said(lines: Lines, app: Workbench) -> str:
    """All words on the screen, wherever lines were broken; the right-hand side of a line only where it is a message."""
    parts = [line.partition("▌ ")[2] or line if "▌ " in line[2:] else line for line in lines(app)]
    return " ".join(" ".join(re.findall(r"[^\s│▌╭╮╰╯─┃]+", part)) for part in parts)


def rows_shown(app: Workbench) -> list[int]:
    return [int(row) for row in table(app).view.rows]


async def opened(app: Workbench, pilot: Pilot[None], until: Until) -> None:
    await until(pilot, lambda: isinstance(app.screen, DataScreen) and table(app).row is not None)


async def looked(app: Workbench, pilot: Pilot[None], until: Until, lines: Lines, workspace: Workspace) -> None:
    """Look for suspects to the end."""
    (workspace.root / "go").touch()
    await pilot.press("S")
    await until(pilot, lambda: "2 suspects in 8 labelled rows" in said(lines, app))


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
async def test_looking_leaves_the_keys_free_and_the_queue_begins_with_the_worst(
    tweets: Workspace, engine: Engine, until: Until, lines: Lines, size: tuple[int, int]
) -> None:
    engine(SUSPECTS)
    app = Workbench(tweets)
    async with app.run_test(size=size, notifications=True) as pilot:
        await opened(app, pilot, until)
        await pilot.press("S")
        await until(pilot, lambda: "3 of 8 rows" in said(lines, app))
        line = next(line for line in lines(app) if "▶ embedding" in line)
        assert "38 %" in line and "1:05 left" in line
        await pilot.press("down")
        assert table(app).row == 1
        (tweets.root / "go").touch()
        await until(pilot, lambda: "2 suspects in 8 labelled rows" in said(lines, app))
        assert "S shows them" in said(lines, app) and "no other text has the label" in said(lines, app)
        assert "embedding" not in said(lines, app) and rows_shown(app) == list(range(8))
        await pilot.press("S")
        assert rows_shown(app) == [5, 2] and "2 suspects, worst first" in said(lines, app)
        assert "Data  suspects" in lines(app)[1] and "labelled rows" not in said(lines, app)
        await pilot.press("escape")
        assert rows_shown(app) == list(range(8)) and table(app).row == 5


async def test_what_was_decided_leaves_the_queue_and_looking_again_says_how_old_it_is(
    tweets: Workspace, engine: Engine, until: Until, lines: Lines
) -> None:
    engine(SUSPECTS)
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(app, pilot, until)
        await looked(app, pilot, until, lines, tweets)
        await pilot.press("S", "S")
        assert "no label has changed since" in said(lines, app)
        await pilot.press("a", "escape", "S")
        assert rows_shown(app) == [2] and "1 suspect · 1 edit since: S looks anew" in said(lines, app)
        await pilot.press("S")
        # The new queue takes the place of the old one where that is shown; the cursor stays on its row.
        await until(pilot, lambda: len(list_jobs(tweets.jobs_dir, "suspects")) == 2)
        await until(pilot, lambda: sorted(rows_shown(app)) == [2, 5] and table(app).row == 2)
        assert all(job.spec().journal_version == number for number, job in enumerate(list_jobs(tweets.jobs_dir)))  # type: ignore[union-attr]


async def test_new_rows_and_another_model_make_the_queue_old(
    tweets: Workspace, make_rows: Callable[..., Workspace], engine: Engine, until: Until, lines: Lines
) -> None:
    engine(SUSPECTS)
    texts, labels = [tweets.rows().text(row) for row in range(8)], ["negative", "neutral", "positive"] * 3
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(app, pilot, until)
        await looked(app, pilot, until, lines, tweets)
        make_rows([*texts, "one more"], labels)
        await until(pilot, lambda: len(table(app).view) == 9)
        await pilot.press("S")
        assert "1 new row since: S looks anew" in said(lines, app)
        app.choose_model("other")
        await pilot.press("escape", "S")
        assert "another model was chosen since" in said(lines, app)
        await pilot.press("S")
        await until(pilot, lambda: len(list_jobs(tweets.jobs_dir, "suspects")) == 2)
        spec = list_jobs(tweets.jobs_dir, "suspects")[1].spec()
        assert isinstance(spec, SuspectsSpec) and spec.model == "other"


async def test_a_second_press_asks_whether_to_stop(
    tweets: Workspace, engine: Engine, until: Until, lines: Lines
) -> None:
    engine(SUSPECTS)
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(app, pilot, until)
        await pilot.press("S")
        await until(pilot, lambda: "▶ embedding" in said(lines, app))
        await pilot.press("G")
        assert "the labels are being judged at this moment" in said(lines, app)
        await pilot.press("S")
        await until(pilot, lambda: "Stop it?" in said(lines, app))
        await pilot.press("enter")
        await until(pilot, lambda: "What was computed until then is kept" in said(lines, app))
        assert "▶ embedding" not in said(lines, app)


async def test_a_job_that_fails_says_why(tweets: Workspace, engine: Engine, until: Until, lines: Lines) -> None:
    engine("context.finish(Finished(status='failed', what='only 1 label has rows', hint='Label some rows.'))")
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(app, pilot, until)
        await pilot.press("S")
        await until(pilot, lambda: "only 1 label has rows" in said(lines, app))
        assert "Label some rows." in said(lines, app) and "No suspects were found" in said(lines, app)


async def test_rows_like_one_and_back_to_where_one_was(
    tweets: Workspace, engine: Engine, until: Until, lines: Lines, home: Path
) -> None:
    engine(SUSPECTS)
    keys = tweets.rows().keys
    angles = np.array([0, 45, 80, 10, 120, 20, 160, 90]) / 57.3
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    append(embeddings_folder("fake"), EmbeddingsMeta(dimensions=2), keys, vectors)
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(app, pilot, until)
        await pilot.press("=")
        assert "Press S: looking for suspects embeds them" in said(lines, app)
        await looked(app, pilot, until, lines, tweets)
        await pilot.press("S", "down", "escape", "home", "S")
        assert rows_shown(app) == [5, 2]
        await pilot.press("=")
        await until(pilot, lambda: rows_shown(app) == [5, 3, 0, 1, 2, 7, 4, 6])
        assert "Data  like row 6" in lines(app)[1] and "7 rows like it, the nearest first" in said(lines, app)
        await pilot.press("down", "down", "=")
        await until(pilot, lambda: rows_shown(app) == [0, 3, 5, 1, 2, 7, 4, 6])
        await pilot.press("escape")
        assert rows_shown(app)[0] == 5 and table(app).row == 0
        await pilot.press("escape")
        assert rows_shown(app) == [5, 2] and table(app).row == 5 and "like it" not in said(lines, app)
        await pilot.press("escape")
        assert rows_shown(app) == list(range(8))


async def test_the_gain_is_told_in_a_dialog(tweets: Workspace, engine: Engine, until: Until, lines: Lines) -> None:
    engine(f"context.progress('comparing the labels', 1, 2, 'heads')\ndone(**{GAIN!r})")
    app = Workbench(tweets)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(app, pilot, until)
        await pilot.press("G")
        await until(pilot, lambda: isinstance(app.screen, GainDialog))
        shown = said(lines, app)
        assert "accuracy .694 → .711 +.017 95 % +.004 to +.031" in shown
        assert "macro-F1 .680 → .690 +.010 95 % -.002 to +.020" in shown
        assert "On 2 000 validation rows" in shown and "37 training rows, 4 validation rows." in shown
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DataScreen))


def test_the_verdict_follows_the_interval() -> None:
    assert gain_words(GAIN)[0].startswith("More than chance")
    held = {"before": 0.5, "after": 0.5, "change": 0.0, "low": -0.1, "high": 0.1}
    assert gain_words({**GAIN, "accuracy": held, "macro_f1": held})[0].startswith("It may be chance")
    worse = {**held, "high": -0.01}
    assert gain_words({**GAIN, "accuracy": worse, "macro_f1": held})[0].startswith("Worse")
