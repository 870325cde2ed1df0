"""The command line: each screen's headless twin. `tlworkbench` alone opens the screen."""

from tlworkbench.cli.main import main

__all__ = ["main"]
