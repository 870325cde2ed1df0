"""What the Models screen's widgets draw, in any width."""

import pytest

from tlworkbench.catalog.model_info import ModelInfo
from tlworkbench.jobs.events import Progress
from tlworkbench.jobs.run_state import RunState
from tlworkbench.tui.widgets.fetch_line import Fetch, fetch_lines
from tlworkbench.tui.widgets.model_detail import detail
from tlworkbench.tui.widgets.model_table import columns, head_line, model_line, name_of, parameters

MINILM = ModelInfo(
    id="bundled", where="bundled", path="/p", task="text", architecture="bert", params=22_700_000, bytes=90_900_000,
    positions=512, note="all-MiniLM-L6-v2",
)  # fmt: skip
SENTIMENT = ModelInfo(
    id="cardiffnlp/twitter-roberta-base-sentiment-latest", where="cache", path="/q", task="text",
    architecture="roberta", params=124_600_000, bytes=501_000_000, labels=("negative", "neutral", "positive"),
)  # fmt: skip
PICTURE = ModelInfo(id="/m/vit", where="folder", task="image", architecture="vit", usable=False, why="vit is no reader")


def test_a_line_says_what_a_model_is() -> None:
    line = model_line(MINILM, True, 24, 120).plain
    assert line.split() == ["●", "all-MiniLM-L6-v2", "bundled", "text", "bert", "22.7", "M", "91", "MB", "–"]
    assert model_line(SENTIMENT, False, 24, 120).plain.rstrip().endswith("negative, neutral…")


def test_the_head_stands_over_its_columns() -> None:
    head, line = head_line(24, 120).plain, model_line(MINILM, False, 24, 120).plain
    assert head.index("where") == line.index("bundled") and head.index("head") == line.index("–")
    assert head.index("params") + len("params") == line.index("22.7 M") + len("22.7 M")


def test_what_cannot_be_used_gives_its_reason_instead_of_figures() -> None:
    line = model_line(PICTURE, False, 24, 76).plain
    assert line.split() == ["m/vit", "vit", "is", "no", "reader"]


def test_columns_go_in_a_sensible_order_and_names_are_kept_whole() -> None:
    names = [[name for name, _, _ in columns(len(SENTIMENT.id), width)] for width in (130, 110, 90, 76, 60, 40)]
    assert names == [
        ["where", "task", "architecture", "params", "size", "head"],
        ["where", "architecture", "params", "size", "head"],
        ["where", "architecture", "params", "size"],
        ["where", "params", "size"],
        ["params"],
        [],
    ]


@pytest.mark.parametrize("width", range(20, 140, 3))
@pytest.mark.parametrize("info", [MINILM, SENTIMENT, PICTURE])
def test_no_line_leaves_its_place(info: ModelInfo, width: int) -> None:
    assert model_line(info, True, 47, width).cell_length <= width
    assert head_line(47, width).cell_length <= width
    assert all(line.cell_length <= max(width, 24) for line in detail(info, width))


def test_details_hold_everything() -> None:
    text = "\n".join(line.plain for line in detail(SENTIMENT, 100))
    assert "3: negative, neutral, positive" in text and "124.6 M parameters · 501 MB" in text and "/q" in text
    refused = [line.plain for line in detail(PICTURE, 60)]
    assert refused[0] == "can't be trained: vit is no reader"


def test_models_are_named_by_what_tells_them_apart() -> None:
    run = ModelInfo(id="0007", where="run", note="run of bundled, stopped")
    folder = ModelInfo(id="/home/me/models/mine", where="folder")
    assert [name_of(info) for info in (MINILM, SENTIMENT, run, folder)] == [
        "all-MiniLM-L6-v2", SENTIMENT.id, "0007  run of bundled, stopped", "models/mine",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("count", "text"), [(0, ""), (26_400, "26 k"), (22_700_000, "22.7 M"), (7_240_000_000, "7.2 G")]
)
def test_parameters_are_counted_in_words(count: int, text: str) -> None:
    assert parameters(count) == text


def running(done: int, total: int) -> RunState:
    return RunState(status="running", progress=Progress(what="fetching", done=done, total=total, unit="bytes"))


def test_a_fetch_shows_how_far_it_is() -> None:
    (asking,) = fetch_lines([Fetch("user/name", RunState())], 80)
    assert asking.plain == "▶ asking the Hub for user/name …"
    (line,) = fetch_lines([Fetch("user/name", running(43_000_000, 268_000_000))], 80)
    assert line.plain == "▶ fetching user/name ▅▅▅▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  43 MB of 268 MB"


def test_a_fetch_that_failed_says_what_and_what_to_do() -> None:
    failed = RunState(status="failed", what="the Hub can't be reached " * 4, hint="Check the network.")
    lines = [line.plain for line in fetch_lines([Fetch("user/name", failed)], 60)]
    assert lines[0].startswith("✗ user/name: the Hub can't be reached") and lines[-1] == "Check the network."
    assert len(lines) == 3 and max(map(len, lines)) <= 60


@pytest.mark.parametrize("width", range(30, 120, 7))
def test_no_fetch_leaves_its_place(width: int) -> None:
    states = [
        RunState(),
        running(1, 2),
        RunState(status="failed", what="x" * 200),
        RunState(status="stopped", what="y" * 99),
    ]
    for line in fetch_lines([Fetch("user/" + "n" * 80, state) for state in states], width):
        assert line.cell_length <= width
