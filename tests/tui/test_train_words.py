"""What the Train screen's parts say, at any width: gauges, tables, titles, notices, logs."""

import random

import pytest
from msgspec import structs
from rich.cells import cell_len
from textual.content import Content

from tlworkbench.jobs.condition import condition
from tlworkbench.jobs.events import (
    ClassFigures,
    Evaluated,
    Gauge,
    GpuGauge,
    Note,
    Progress,
    Step,
    TrainingBegan,
)
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.steps import Steps
from tlworkbench.tui.screens import train_notice, train_words
from tlworkbench.tui.screens.train_counts import Counts, count_lines
from tlworkbench.tui.screens.train_notice import Stopping
from tlworkbench.tui.themes import FALLBACK
from tlworkbench.tui.widgets import figures
from tlworkbench.tui.widgets.class_table import class_line, heading, name_width
from tlworkbench.tui.widgets.confusion import Matrix, said, shaded, short_names, sight
from tlworkbench.tui.widgets.gauges import facts_line, gauge_line
from tlworkbench.tui.widgets.run_table import run_heading, run_line
from tlworkbench.tui.widgets.text_pane import broken

NAMES = ("negative", "neutral", "positive")
COUNTS = ((206, 94, 12), (75, 643, 151), (20, 275, 524))
MATRIX = Matrix(NAMES, COUNTS)


def evaluated(step: int, epoch: float, macro_f1: float, best: bool = True) -> Evaluated:
    return Evaluated(
        step=step, epoch=epoch, split="validation", loss=0.7, accuracy=0.694, macro_f1=macro_f1, best=best,
        per_class=tuple(ClassFigures(n, 0.71, 0.66, 0.68, sum(row)) for n, row in zip(NAMES, COUNTS, strict=True)),
        confusion=COUNTS,
    )  # fmt: skip


TRAINING = TrainingBegan(
    classes=NAMES, train_rows=9827, eval_rows=2000, total_steps=960, epochs=3, batch_size=32, max_length=128,
    precision="bf16", truncated=0.03, majority_accuracy=0.483, majority_macro_f1=0.217,
)  # fmt: skip
LAST = Step(
    step=410, epoch=1.28, loss=0.61, learning_rate=3.1e-5, grad_norm=2.4, examples_per_second=71, seconds_left=112
)
RUNNING = RunState(
    status="running",
    kind="train",
    device="CPU, 2 cores",
    started_at=1000.0,
    training=TRAINING,
    steps=Steps((LAST,)),
    evaluations=(evaluated(320, 1, 0.657),),
    gauge=Gauge(cpu=91, memory=1_230_000_000, memory_total=16_600_000_000),
)


@pytest.mark.parametrize("width", range(20, 150))
def test_lines_never_grow_wider_than_their_room(width: int) -> None:
    line = train_words.run_line("0007", "all-MiniLM-L6-v2", RUNNING, "", 1.0, condition(RUNNING, 1100.0), 1100.0)
    metrics, table, runs = max(width, 40), max(width, 28), max(width, 60)
    for content, room in (
        (train_words.title("0007", "all-MiniLM-L6-v2", RUNNING, width), width),
        (train_words.figures_title(RUNNING, width), max(width, 20)),
        (train_words.metric_line(RUNNING, metrics), metrics),
        (gauge_line(RUNNING, width), width),
        (facts_line(TRAINING, "CPU, 2 cores", width), width),
        (class_line(RUNNING.evaluations[0].per_class[0], "red", name_width(NAMES, table), table), table),
        (heading(name_width(NAMES, width), width), width),
        (run_heading(width), width),
        (run_line(line, runs, True), runs),
    ):
        assert content.cell_length <= room
        assert "\n" not in content.plain


@pytest.mark.parametrize("width", range(24, 150))
def test_a_title_leaves_out_whole_parts_and_never_half_a_word(width: int) -> None:
    whole = "Train · 0007 all-MiniLM-L6-v2 · ▶ running · epoch 2/3 · step 410/960 · 71 ex/s · 1:52 left"
    assert train_words.title("0007", "all-MiniLM-L6-v2", RUNNING, 150).plain == whole
    shown = train_words.title("0007", "all-MiniLM-L6-v2", RUNNING, width).plain
    if width >= 34:
        assert set(shown.split(" · ")) <= {*whole.split(" · ")}
        assert "0007" in shown and "running" in shown


def test_at_80_columns_the_title_tells_how_far_it_is_and_how_long_it_takes() -> None:
    shown = train_words.title("0007", "all-MiniLM-L6-v2", RUNNING, 74).plain
    assert "step 410/960" in shown and "1:52 left" in shown


def test_gauges_at_80_columns_hold_everything() -> None:
    assert gauge_line(RUNNING, 76).plain == ("CPU 91 %  memory 1.2 of 17 GB  lr 3.1e-5  grad 2.4  71 ex/s  1:52 left")
    assert "▅" in gauge_line(RUNNING, 130).plain


def test_gpus_are_told_one_by_one_or_together() -> None:
    gpu = GpuGauge(0, "H200", 91, 11_200_000_000, 139_000_000_000)
    one = RunState(gauge=Gauge(cpu=10, memory=1, memory_total=2, gpus=(gpu,)))
    assert gauge_line(one, 100).plain.startswith("GPU 0 ▅▅▅▅▅▅▅▁ 91 %   memory ▅▁▁▁▁▁▁▁ 11.2 of 139 GB")
    idle = GpuGauge(1, "H200", 1, 30_000_000_000, 139_000_000_000)
    two = RunState(gauge=Gauge(cpu=10, memory=1, memory_total=2, gpus=(gpu, idle)))
    assert gauge_line(two, 100).plain.startswith("2 GPUs ▅▅▅▅▁▁▁▁ 46 %   memory ▅▅▁▁▁▁▁▁ 30.0 of 139 GB")


def test_metrics_stand_beside_the_majority_and_the_epoch_before() -> None:
    first = train_words.metric_block(RUNNING, 50).plain
    assert first.splitlines() == [
        "macro-F1 .657",
        "               ▲ .440 over majority .217",
        "accuracy .694  ▲ .211 over majority .483",
        "best epoch 1",
    ]
    later = RunState(**{**vars(RUNNING), "evaluations": (*RUNNING.evaluations, evaluated(640, 2, 0.633, best=False))})
    lines = train_words.metric_block(later, 50).plain.splitlines()
    assert lines[0] == "macro-F1 .633  ▼ .024 since epoch 1" and lines[-1] == "best epoch 1"
    assert train_words.metric_line(later, 76).plain == (
        "macro-F1 .633  ▼ .024  ▲ .416 over majority   accuracy .694   best epoch 1"
    )


def test_an_ended_run_shows_the_figures_of_the_weights_that_are_kept() -> None:
    worse = evaluated(640, 2, 0.6, best=False)
    ended = RunState(**{**vars(RUNNING), "status": "done", "evaluations": (*RUNNING.evaluations, worse)})
    assert train_words.shown_evaluation(ended) is RUNNING.evaluations[0]
    assert train_words.figures_title(ended, 60).plain == "Validation · epoch 1 · kept · 2 000 rows"
    running = RunState(**{**vars(ended), "status": "running"})
    assert train_words.shown_evaluation(running) is worse


def test_before_the_first_validation_it_says_when_that_comes() -> None:
    early = RunState(**{**vars(RUNNING), "evaluations": (), "steps": (
        Step(step=160, epoch=0.5, loss=1, learning_rate=1, seconds_left=160),
    )})  # fmt: skip
    assert train_words.first_validation(early) == "first validation after step 320, in about 0:32"
    assert train_words.waiting(RunState(status="starting")) == "starting"
    tokenising = RunState(status="running", progress=Progress(what="tokenising", done=3000, total=9827))
    assert train_words.waiting(tokenising) == "tokenising 3 000 of 9 827"
    assert train_words.waiting(RunState(status="stopped")) == "stopped before its first validation"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("running", "▶ running  epoch 2/3"),
        ("done", "✓ done  exported"),
        ("stopped", "■ stopped  at step 410"),
        ("failed", "✗ failed  out of memory"),
        ("lost", "? lost  out of memory"),
        ("interrupted", "? interrupted  resume it? out of"),
        ("queued", "… queued  next"),
    ],
)
def test_a_run_is_told_by_glyph_and_word(status: str, words: str) -> None:
    state = RunState(**{**vars(RUNNING), "status": status, "what": "out of memory"})
    exported = "ready" if status == "done" else ""
    line = train_words.run_line("0007", "minilm", state, exported, 1.0, condition(state, 1100.0), 1100.0)
    assert words in run_line(line, 100, False).plain


def test_a_run_takes_what_it_says_it_took_else_until_its_last_sign_of_life() -> None:
    assert train_words.seconds(RUNNING, 1100.0) == 100.0
    ended = {**vars(RUNNING), "status": "done", "ended_at": 1050.0}
    assert train_words.seconds(RunState(**{**ended, "result": {"seconds": 12.5}}), 9e9) == 12.5
    assert train_words.seconds(RunState(**ended), 9e9) == 50.0
    lost = RunState(**{**vars(RUNNING), "status": "lost", "steps": (Step(
        step=1, epoch=1, loss=1, learning_rate=1, at=1030.0),), "evaluations": ()})  # fmt: skip
    assert train_words.seconds(lost, 9e9) == 30.0
    assert train_words.seconds(RunState(), 5.0) is None


def test_a_stop_tells_how_long_it_may_take_and_the_way_out() -> None:
    assert train_notice.stopping_lines("0007", Stopping(27.2))[0].plain == (
        "▶ stopping  finishing its step, writing a checkpoint · 0:27   x forces it"
    )
    assert "has not left yet" in train_notice.stopping_lines("0007", Stopping(0.0))[0].plain


def test_only_the_last_warnings_are_shown_and_the_others_counted() -> None:
    notes = (Note(text="fine"), *(Note(text=f"odd {n}", level="warning") for n in range(4)))
    lines = [line.plain for line in train_notice.warning_lines(RunState(notes=notes))]
    assert lines == ["⚠ odd 2", "⚠ odd 3", "2 more: c"]


def test_what_an_engine_says_is_never_markup_nor_control() -> None:
    state = RunState(status="failed", what="[red]boom\x1b[2J", hint="[/nope]")
    lines = train_notice.failed_lines(state)
    assert "[red]boom" in lines[0].plain and "\x1b" not in lines[0].plain and lines[1].plain == "[/nope]"


# The confusion matrix


def test_a_cell_is_told_in_words() -> None:
    assert said(MATRIX, (0, 1)) == "negative taken for neutral: 94 rows, 30 %"
    assert said(MATRIX, (0, 1), 32) == "negative → neutral: 94 rows"
    assert said(MATRIX, (0, 1), 16) == "94 rows, 30 %" and said(MATRIX, (0, 1), 6) == "94 ro…"
    assert said(MATRIX, (1, 1)) == "neutral: 643 rows right, 74 %"
    assert said(Matrix(("a", "b"), ((0, 0), (1, 0))), (0, 1)) == "a taken for b: 0 rows, 0 %"


def test_the_cursor_is_always_in_sight_whatever_fits() -> None:
    random.seed(7)
    names = tuple(f"class {n}" for n in range(40))
    matrix = Matrix(names, tuple(tuple(range(40)) for _ in names))
    view = None
    for _ in range(400):
        cursor = (random.randrange(40), random.randrange(40))
        width, height = random.randint(12, 120), random.randint(2, 30)
        view = sight(matrix, cursor, width, height, view)
        assert view.row <= cursor[0] < view.row + view.rows <= 40
        assert view.column <= cursor[1] < view.column + view.columns <= 40
        if view.columns > 1:
            assert view.names + view.columns * view.cell <= width
        assert view.rows == 1 or view.rows < height


def test_a_small_step_moves_the_matrix_no_more_than_it_must() -> None:
    names = tuple(map(str, range(40)))
    matrix = Matrix(names, tuple(tuple(range(40)) for _ in names))
    first = sight(matrix, (0, 0), 60, 10)
    assert sight(matrix, (0, first.columns - 1), 60, 10, first).column == 0
    assert sight(matrix, (0, first.columns), 60, 10, first).column == 1


def test_columns_are_named_by_what_tells_them_apart() -> None:
    assert short_names(["negative", "neutral"], 8) == ["negative", "neutral"]
    assert short_names(["class a", "class b"], 4) == ["…a", "…b"]
    assert short_names(["alone and long"], 5) == ["alon…"]


def test_a_larger_share_is_a_lighter_shade_of_the_themes_greys() -> None:
    shades = [int(shaded(FALLBACK, share)[1:3], 16) for share in (0, 0.1, 0.5, 1)]
    assert shades == sorted(shades) and len(set(shades)) == 4
    assert all(len({shaded(FALLBACK, share)[n : n + 2] for n in (1, 3, 5)}) == 1 for share in (0, 0.3, 1))


# Long lines


@pytest.mark.parametrize("width", [1, 2, 7, 20, 76])
def test_long_lines_are_broken_and_nothing_is_lost(width: int) -> None:
    line = "RuntimeError: something 漢字漢字 went wrong in /a/very/long/path/without/any/space/in/it at last"
    pieces = broken(line, width)
    assert all(cell_len(piece) <= max(width, 2) for piece in pieces)
    assert "".join(pieces).replace(" ", "") == line.replace(" ", "")
    assert broken("", width) == [""]


def test_rows_are_counted_by_class_and_a_class_without_validation_is_named() -> None:
    text = count_lines(Counts(("a", "b"), (60, 41), (10, 0), unlabelled=3), FALLBACK, 72).plain
    assert "101 rows to train on, 10 to validate on · left out: 3 unlabelled rows" in text
    assert "⚠ none" in text.splitlines()[2] and "⚠" not in text.splitlines()[1]
    many = Counts(tuple(f"c{n}" for n in range(30)), tuple(range(30, 0, -1)), (1,) * 30)
    lines = count_lines(many, FALLBACK, 72).plain.splitlines()
    assert len(lines) == 5 and lines[-1] == "and 27 more; the rarest, c29, has 1 row"
    assert max(map(len, lines)) <= 72


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (figures.score(0.6814), ".681"), (figures.score(1.0), "1.00"), (figures.change(-0.01), "▼ .010"),
        (figures.change(0.0001), "= .000"), (figures.power(3.14e-5), "3.1e-5"), (figures.power(1e-4), "1e-4"),
        (figures.short(71.3), "71"), (figures.short(2.44), "2.4"), (figures.short(0.31), "0.31"),
        (figures.short(12345), "1.2e4"),
    ],
)  # fmt: skip
def test_figures_are_short(shown: str, expected: str) -> None:
    assert shown == expected


def test_notices_hold_a_key_and_fit_80_columns() -> None:
    what = "stopped at step 512 of 960; a resume goes on from there"
    lines = [
        *train_notice.ended_lines(RunState(status="stopped", what=what), in_chart=False),
        *train_notice.ended_lines(RunState(status="lost"), in_chart=False),
        *train_notice.ended_lines(RunState(status="failed", what="no"), in_chart=True),
        *train_notice.export_lines("0007", None, None, may_export=True),
    ]
    assert len(lines) == 5 and all(isinstance(line, Content) and line.cell_length <= 76 for line in lines)


@pytest.mark.parametrize(
    ("epochs", "done", "words"),
    [(3, 1.28, "epoch 2/3"), (2.333333, 0.0, "epoch 1/2.33"), (10_000, 9_999.5, "epoch 10000/10000")],
)
def test_epochs_are_numbers_as_one_writes_them(epochs: float, done: float, words: str) -> None:
    training = structs.replace(TRAINING, epochs=epochs)
    assert train_words.epoch(RunState(training=training, steps=Steps((structs.replace(LAST, epoch=done),)))) == words
