"""Faults of the program itself: written to a file, told in a sentence. Standard error is the screen."""

import logging
import sys
import traceback
from pathlib import Path

FILE = "screen.log"
"""Its name in the workspace."""
log = logging.getLogger(__name__)


def log_to(path: Path) -> None:
    """Send what libraries and threads warn of to a file, made when there is something to say."""
    root = logging.getLogger()
    if not any(getattr(handler, "baseFilename", "") == str(path) for handler in root.handlers):
        handler = logging.FileHandler(path, delay=True)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        handler.setLevel(logging.WARNING)
        root.addHandler(handler)


def note(error: BaseException, file: Path) -> str:
    """Write a fault down; what to tell of it."""
    log.error("%s", "".join(traceback.format_exception(error)))
    return f"{type(error).__name__}: {error}\nThe whole story is in {file}."


def last_words(file: Path) -> str:
    """What the program says when the exception being handled ends it."""
    error = sys.exc_info()[1]
    told = note(error, file) if error is not None else "no reason is known"
    return (
        f"tlworkbench had to stop. Every edit is saved and jobs go on; start it again to go on where you were.\n{told}"
    )
