"""The command line: each screen's headless twin. `tlworkbench` alone opens the screen."""

from tlworkbench.cli.main import main as _main
from tlworkbench.cli.pandas_absent import leave_pandas_out


def main(arguments: list[str] | None = None) -> None:
    """What the `tlworkbench` script runs in a process of its own; see `cli.main.main`."""
    leave_pandas_out()
    _main(arguments)


__all__ = ["main"]
