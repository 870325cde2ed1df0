"""Where the user was, kept in the workspace so that the next start, after a crash too, goes on there."""

from typing import TYPE_CHECKING, Any

from textual.timer import Timer

from tlworkbench.errors import UserError
from tlworkbench.tui.background import in_background
from tlworkbench.tui.themes import WHERE
from tlworkbench.workspace import Workspace

if TYPE_CHECKING:
    from tlworkbench.tui.app import Workbench

DELAY_SECONDS = 0.4
"""A change is on disk no later than this after it was made."""


class Where:
    """A small tree `{"screen": …, "data": {…}, …}` written to `workspace.json` shortly after a change."""

    def __init__(self, app: "Workbench", workspace: Workspace) -> None:
        self._app = app
        self._workspace = workspace
        self._kept: dict[str, Any] = dict(workspace.info.where)
        self._timer: Timer | None = None

    @property
    def screen(self) -> str:
        """Name of the screen that was open; empty in a new workspace."""
        return str(self._kept.get("screen", ""))

    def of(self, screen: str) -> dict[str, Any]:
        """What a screen kept; values may be of another version, so check them."""
        kept = self._kept.get(screen)
        return dict(kept) if isinstance(kept, dict) else {}

    def set_screen(self, screen: str) -> None:
        """Remember the open screen."""
        self._set("screen", screen)

    def set_theme(self, name: str) -> None:
        """Remember the theme that was chosen."""
        self._set(WHERE, name)

    def keep(self, screen: str, **values: Any) -> None:
        """Remember values of a screen (text, numbers, booleans, lists of them) beside what it kept before."""
        self._set(screen, {**self.of(screen), **values})

    def save(self) -> None:
        """Write what has changed, now."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
            try:
                self._workspace.update(where=self._kept)
            except UserError as error:
                self._app.report(error)

    def _save_beside(self) -> None:
        """Write in a thread: waiting for the disk would hold up keys."""
        self._timer = None
        in_background(self._app, "where", lambda: self._workspace.update(where=self._kept))

    def _set(self, name: str, value: Any) -> None:
        if self._kept.get(name) != value:
            self._kept = {**self._kept, name: value}
            if self._timer is None:
                self._timer = self._app.set_timer(DELAY_SECONDS, self._save_beside)
