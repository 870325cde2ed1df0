"""Opening the full-screen program."""

import sys

from tlworkbench.errors import UserError
from tlworkbench.settings import load_settings
from tlworkbench.workspace import current_workspace, open_workspace, remember_current


def open_screen(name_or_path: str | None) -> None:
    """Run the screen on a workspace, made when missing; without a name on the one used last."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UserError(
            "the screen needs a terminal", "Every screen has a command that needs none: see tlworkbench --help."
        )
    from tlworkbench.tui.app import Workbench

    settings = load_settings()
    workspace = open_workspace(name_or_path or _last_or_default(), create=True)
    remember_current(workspace)
    app = Workbench(workspace, settings)
    app.run()
    if app.return_code:
        sys.exit(app.return_code)


def _last_or_default() -> str:
    try:
        return current_workspace()
    except UserError:
        return "default"
