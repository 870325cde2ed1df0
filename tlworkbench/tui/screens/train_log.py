"""The Train screen's log pane: what a run printed, read off the screen's thread."""

from dataclasses import dataclass

from textual import on
from textual.content import Content
from textual.message import Message

from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.run_state import RunState
from tlworkbench.tui.background import in_background
from tlworkbench.tui.screens.base import WorkbenchScreen
from tlworkbench.tui.text import counted, size
from tlworkbench.tui.widgets.log_tail import LogTail
from tlworkbench.tui.widgets.said import Said
from tlworkbench.tui.widgets.text_pane import TextPane


@dataclass
class LogRead(Message, bubble=False):
    """The end of a run's log was read."""

    job: JobFolder
    lines: tuple[str, ...]
    length: int
    """Bytes of the file."""
    whole: bool
    """Whether these are all its lines."""


class LogPane(WorkbenchScreen):
    """Reads what a log has grown by, for as long as its pane shows."""

    def __init__(self) -> None:
        super().__init__()
        self._said = Said()
        self._below = "runs"
        self._logged: JobFolder | None = None
        self._tail: LogTail | None = None
        self._reading_log = False

    def _shown_run(self) -> tuple[JobFolder, RunState] | None:
        raise NotImplementedError

    def _read_log(self) -> None:
        shown = self._shown_run()
        if self._below != "log" or shown is None or self._reading_log:
            return
        job = shown[0]
        if self._tail is None or self._tail.path != job.log_file:
            self._tail = LogTail(job.log_file)
        tail = self._tail
        self._reading_log = True

        def read() -> None:
            try:
                tail.read()
            finally:
                self.post_message(LogRead(job, tail.lines, tail.length, tail.whole))

        in_background(self, "log", read)

    @on(LogRead)
    def _log_read(self, event: LogRead) -> None:
        self._reading_log = False
        shown = self._shown_run()
        if shown is None:
            return
        if event.job != shown[0]:
            # Another run was chosen meanwhile.
            self._read_log()
            return
        log = self.query_one("#log", TextPane)
        log.show(event.lines or ("it has printed nothing yet",), anew=event.job != self._logged)
        self._logged = event.job
        lines = counted(len(event.lines), "line")
        words = lines if event.whole else f"the last {lines} of {size(event.length)}"
        self._said.edge(log, Content(f"{words} · esc back"))
