"""Opening the full-screen program."""

import os
import sys

from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import list_jobs
from tlworkbench.jobs.spec import ImportSpec
from tlworkbench.settings import load_settings
from tlworkbench.workspace import Workspace, current_workspace, open_workspace, remember_current, remove_if_unused

_ESCAPE_DELAY = "30"
"""Milliseconds in which the rest of a key's sequence must follow an escape. Textual looks every 100: with its own delay
of 100, escape may wait for two looks."""


def open_screen(name_or_path: str | None) -> None:
    """Run the screen on a workspace, made when missing; without a name on the one used last."""
    _need_terminal()
    workspace = open_workspace(name_or_path or _last_or_default(), create=True)
    remember_current(workspace)
    _run(workspace, None)


def open_screen_importing(name_or_path: str, spec: ImportSpec) -> None:
    """Run the screen on a workspace, made when missing, with an import in it; an import that runs there is joined.

    A workspace that holds nothing at the end, as after an import that was stopped, is taken away again.
    """
    _need_terminal()
    workspace = open_workspace(name_or_path, create=True)
    joined = any(not job.state().ended for job in list_jobs(workspace.jobs_dir, "import"))
    try:
        _run(workspace, None if joined else spec)
    finally:
        if not open_workspace(name_or_path).info.model:
            remove_if_unused(workspace)


def _run(workspace: Workspace, opening: ImportSpec | None) -> None:
    # Read when Textual is imported; by the name that other programs for terminals know it by.
    os.environ.setdefault("ESCDELAY", _ESCAPE_DELAY)
    from tlworkbench.tui.app import Workbench

    app = Workbench(workspace, load_settings(), opening)
    app.run()
    if app.return_code:
        sys.exit(app.return_code)


def _need_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UserError(
            "the screen needs a terminal", "Every screen has a command that needs none: see tlworkbench --help."
        )


def _last_or_default() -> str:
    try:
        return current_workspace()
    except UserError:
        return "default"
