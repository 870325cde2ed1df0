"""What every screen has: the status strip on top, the key bar at the bottom, and the program behind it."""

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen

from tlworkbench.tui import actions
from tlworkbench.tui.actions import Action
from tlworkbench.tui.messages import JobUpdated
from tlworkbench.tui.widgets.key_bar import KeyBar
from tlworkbench.tui.widgets.status_strip import StatusStrip

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench


class WorkbenchScreen(Screen[None]):
    """One of the four screens. A subclass sets SCOPE and `BINDINGS = [*actions.bindings(SCOPE)]` and composes `body`.

    Actions may raise UserError: it is shown. Message handlers put their work into `with self.workbench.reporting():`.
    """

    SCOPE: ClassVar[str] = ""
    """Scope of its actions, which is also the name of its mode,"""
    MODE: ClassVar[str] = ""
    """unless this names another one."""
    # Narrow: one column of panes; wide: side by side. In .tcss: `DataScreen.-narrow #detail { … }`.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012

    @property
    def workbench(self) -> "Workbench":
        """The program."""
        return cast("Workbench", self.app)

    def compose(self) -> ComposeResult:
        """The frame common to all screens; see `body`."""
        yield StatusStrip(self.MODE or self.SCOPE)
        with Container(id="body"):
            yield from self.body()
        yield KeyBar(self.SCOPE)

    def body(self) -> ComposeResult:
        """The screen's own widgets."""
        yield from ()

    def on_mount(self) -> None:
        """Hear of jobs. Textual calls this beside a subclass's own `on_mount`."""
        self.workbench.job_updated.subscribe(self, self.job_updated)

    def shown_keys(self, action: Action) -> str:
        """The keys of an action as the key bar and `?` show them; empty leaves it out of the bar."""
        return actions.shown(actions.keys_of(action, self.workbench.settings.keys))

    def keys_now(self) -> list[tuple[str, str]] | None:
        """Keys and words for the key bar while something special goes on, as in a field; None for the usual ones."""
        return None

    def job_updated(self, update: JobUpdated) -> None:
        """A job's state changed, also while another screen is open. Does nothing unless a subclass overrides it."""
