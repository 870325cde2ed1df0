"""Predicting a file into a file: which one, how far, how it ended."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from tlworkbench.errors import UserError
from tlworkbench.tui.background import in_background
from tlworkbench.tui.messages import WorkFailed
from tlworkbench.tui.screens.dialog import Dialog
from tlworkbench.tui.screens.predict_loading import Loaded, predict_into
from tlworkbench.tui.text import bar, clean, counted, thousands

_TELL_SECONDS = 0.1
_BAR = 30


@dataclass(frozen=True)
class FileWish:
    """What was asked for."""

    source: Path
    target: Path
    column: str = ""


@dataclass
class FileProgressed(Message):
    """So many rows are answered; `total` 0 where unknown."""

    done: int
    total: int

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, FileProgressed)


@dataclass
class FileEnded(Message):
    """All is written (rows), stopped (None), or failed."""

    rows: int | UserError | None


def target_for(source: str) -> str:
    """Where the answers to a file go when nothing else is said: `reviews-predicted.csv` beside `reviews.txt`."""
    path = Path(source)
    if not path.name:
        return ""
    suffix = path.suffix.lower() if path.suffix.lower() in (".jsonl", ".parquet") else ".csv"
    return str(path.with_name(f"{path.stem}-predicted{suffix}"))


class PredictFile(Dialog[None]):
    """Three fields and a line that tells; the work goes on in a thread until it is done or esc stops it."""

    CSS_PATH = "predict_file.tcss"

    def __init__(self, loaded: Loaded) -> None:
        super().__init__()
        self._loaded = loaded
        self._cancel = threading.Event()
        self._at_work = False
        self._done = False
        self._may_replace = ""

    def compose(self) -> ComposeResult:
        """File, column, out."""
        with Vertical(id="dialog") as frame:
            frame.border_title = Content(f"Predict a file with {self._loaded.run} {self._loaded.variant}")
            yield from self._field("file", "File", ".txt .csv .tsv .jsonl .parquet")
            yield from self._field("column", "Column", "found by itself")
            yield from self._field("out", "Out", ".csv .jsonl .parquet")
            yield Static(id="said")

    def on_mount(self) -> None:
        """Say what the keys do."""
        self._say(Content.styled("Every row gets its label, its score and each label's probability.", "$muted"))
        self._show_keys()

    def on_unmount(self) -> None:
        """The program does not stay for a file once it was left."""
        self._cancel.set()

    @on(Input.Changed, "#file")
    def _named(self, event: Input.Changed) -> None:
        self.query_one("#out", Input).placeholder = target_for(event.value.strip()) or ".csv .jsonl .parquet"

    @on(Input.Submitted)
    def _entered(self) -> None:
        if self._done:
            self.dismiss(None)
        elif not self._at_work:
            try:
                self._start(self._wish())
            except UserError as error:
                self._say_error(error)

    def action_close(self) -> None:
        """Stop what runs, else close."""
        if self._at_work:
            self._cancel.set()
            self._say(Content.styled("stopping …", "$muted"))
        else:
            self.dismiss(None)

    def _wish(self) -> FileWish:
        source, column, out = (self.query_one(f"#{name}", Input).value.strip() for name in ("file", "column", "out"))
        if not source:
            raise UserError("no file is named yet", "Type its path.")
        wish = FileWish(Path(source).expanduser(), Path(out or target_for(source)).expanduser(), column)
        if wish.target.exists() and wish.source.exists() and self._may_replace != str(wish.target):
            self._may_replace = str(wish.target)
            raise UserError(f"{wish.target} is there already", "Enter again replaces it, or name another one.")
        return wish

    def _start(self, wish: FileWish) -> None:
        self._at_work = True
        self._cancel.clear()
        self._say(Content.styled("reading the file …", "$muted"))
        self._show_keys()
        told = 0.0

        def progress(done: int, total: int) -> None:
            nonlocal told
            if time.monotonic() - told >= _TELL_SECONDS:
                told = time.monotonic()
                self.post_message(FileProgressed(done, total))

        def work() -> None:
            try:
                rows: int | UserError | None = predict_into(
                    self._loaded, wish.source, wish.target, wish.column, progress, self._cancel.is_set
                )
            except UserError as error:
                rows = error
            except Exception as error:
                self.app.post_message(WorkFailed(error))
                rows = UserError(f"it ended with an error: {error}", "")
            self.post_message(FileEnded(rows))

        self._target = wish.target
        in_background(self, "file", work)

    @on(FileProgressed)
    def _progressed(self, event: FileProgressed) -> None:
        if self._at_work and not self._cancel.is_set():
            filled, rest = bar(event.done / event.total if event.total else 0.0, _BAR)
            of = f" of {thousands(event.total)}" if event.total else ""
            self._say(Content.assemble((filled, "$primary"), (rest, "$frame"), f"  {thousands(event.done)}{of} rows"))

    @on(FileEnded)
    def _ended(self, event: FileEnded) -> None:
        self._at_work = False
        if isinstance(event.rows, UserError):
            self._say_error(event.rows)
        elif event.rows is None:
            self._say(Content("stopped; nothing was written"))
        else:
            self._done = True
            self._say(
                Content.assemble(
                    ("✓ ", "$success"), f"{counted(event.rows, 'row')} written to\n{clean(str(self._target))}"
                )
            )
        self._show_keys()

    def _field(self, name: str, label: str, placeholder: str) -> ComposeResult:
        with Horizontal(classes="field"):
            yield Static(label, markup=False)
            yield Input(id=name, placeholder=placeholder, compact=True)

    def _say(self, content: Content) -> None:
        self.query_one("#said", Static).update(content)

    def _say_error(self, error: UserError) -> None:
        self._say(Content.assemble((clean(error.what), "$error"), "\n", (clean(error.hint), "$muted")))

    def _show_keys(self) -> None:
        words = (
            "esc stops it" if self._at_work else "enter closes" if self._done else "enter starts · tab next field · esc"
        )
        self.query_one("#dialog").border_subtitle = words
