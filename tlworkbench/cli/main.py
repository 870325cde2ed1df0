"""The script's entry: picks the command, and turns errors into words and exit statuses."""

import importlib
import sys
from typing import Any

import click

from tlworkbench import __version__
from tlworkbench.cli.output import fail
from tlworkbench.errors import UsageError, UserError

COMMANDS: dict[str, str] = {
    "demo": "tlworkbench.cli.demo:demo",
    "open": "tlworkbench.cli.datasets:open_",
    "labels": "tlworkbench.cli.labels:labels",
    "check": "tlworkbench.cli.check:check",
    "suspects": "tlworkbench.cli.suspects:suspects",
    "models": "tlworkbench.cli.models:models",
    "train": "tlworkbench.cli.training:train",
    "evaluate": "tlworkbench.cli.training:evaluate",
    "runs": "tlworkbench.cli.runs:runs",
    "follow": "tlworkbench.cli.runs:follow",
    "stop": "tlworkbench.cli.runs:stop",
    "resume": "tlworkbench.cli.runs:resume",
    "export": "tlworkbench.cli.exporting:export",
    "predict": "tlworkbench.cli.predicting:predict",
    "doctor": "tlworkbench.cli.doctor:doctor",
}
"""Where each command is. Imported when it is used, so that a prediction does not wait for what only imports need."""


class _LazyGroup(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-w", "--workspace", metavar="NAME-OR-PATH", help="Workspace to work in; the one used last if absent.")
@click.version_option(__version__, prog_name="tlworkbench")
@click.pass_context
def cli(context: click.Context, workspace: str | None) -> None:
    """A terminal workbench for transfer learning: choose a model, put labels right, train, export, predict.

    Without a command the screen opens. Every command takes --json: one JSON object on stdout, progress on stderr.
    """
    context.obj = workspace
    if context.invoked_subcommand is None:
        from tlworkbench.cli.screen import open_screen

        open_screen(workspace)


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    arguments = sys.argv[1:] if arguments is None else arguments
    sys.exit(_status(arguments))


def _status(arguments: list[str]) -> int:
    as_json = "--json" in arguments
    try:
        result: Any = cli.main(arguments, prog_name="tlworkbench", standalone_mode=False)
    except UserError as error:
        return fail(error.what, error.hint, as_json, 2 if isinstance(error, UsageError) else 1)
    except click.UsageError as error:
        usage = error.ctx.command_path if error.ctx else "tlworkbench"
        return fail(error.format_message(), f"See: {usage} --help", as_json, 2)
    except click.ClickException as error:
        return fail(error.format_message(), "", as_json, 1)
    except (KeyboardInterrupt, click.Abort):
        return fail("interrupted", "", as_json, 130)
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`): no more to say, and Python must not complain at its end.
        sys.stdout = None
        return 1
    return result if isinstance(result, int) else 0
