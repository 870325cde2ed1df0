"""The README's tables of commands, keys and fields, made from the code.

Run `python -m tlworkbench.cli.reference README.md` to make them anew.
"""

import re
import sys
from pathlib import Path

import click

from tlworkbench import atomic
from tlworkbench.cli.main import cli
from tlworkbench.jobs.spec import KINDS
from tlworkbench.jobs.spec_fields import spec_fields


def command_table() -> str:
    """Markdown table of every command, its options and what it does."""
    context = click.Context(cli)
    lines = ["| command | does |", "|---|---|"]
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        lines.extend(_rows(command, context, name))
    return "\n".join(lines)


def _rows(command: click.Command, parent: click.Context, name: str) -> list[str]:
    context = click.Context(command, info_name=name, parent=parent)
    if isinstance(command, click.Group):
        children = [(child, command.get_command(context, child)) for child in command.list_commands(context)]
        return [
            row for child, found in children if found is not None for row in _rows(found, parent, f"{name} {child}")
        ]
    words = [
        parameter.make_metavar(context) if isinstance(parameter, click.Argument) else _option(parameter)
        for parameter in command.params
        if parameter.name != "as_json"
    ]
    usage = " ".join([name, *words]).replace("|", "\\|")
    return [f"| `{usage}` | {' '.join((command.help or '').split())} |"]


def _option(parameter: click.Parameter) -> str:
    assert isinstance(parameter, click.Option)
    value = (
        "" if parameter.is_flag else f" {parameter.metavar or _choices(parameter) or (parameter.name or '').upper()}"
    )
    return f"[{parameter.opts[0]}{value}]"


def _choices(parameter: click.Option) -> str:
    return "|".join(map(str, parameter.type.choices)) if isinstance(parameter.type, click.Choice) else ""


def key_table() -> str:
    """Markdown table of every key on every screen."""
    from tlworkbench.tui.actions import key_table_markdown

    return key_table_markdown()


def checks_table() -> str:
    """Markdown table of every check and what exactly it counts."""
    from tlworkbench.data.checks.table import CHECKS

    lines = ["| check | name | what exactly counts |", "|---|---|---|"]
    # A tag or an entity in a title must not become one of the page.
    lines += [f"| {check.title.replace('&', '&amp;')} | `{check.id}` | {check.rule} |" for check in CHECKS]
    return "\n".join(lines)


def training_table() -> str:
    """Markdown table of the fields of a training job."""
    lines = ["| field | default | |", "|---|---|---|"]
    lines += [f"| `{field.name}` | {field.default} | {field.help} |" for field in spec_fields(KINDS["train"])]
    return "\n".join(lines)


SECTIONS = {"commands": command_table, "checks": checks_table, "keys": key_table, "training fields": training_table}


def with_tables(text: str) -> str:
    """The README's text with every section between `<!-- NAME -->` and `<!-- /NAME -->` made anew."""
    for name, make in SECTIONS.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"the README has no section '{name}'")
        text = pattern.sub(lambda match, made=make: f"{match[1]}{made()}\n{match[2]}", text)  # type: ignore[misc]
    return text


if __name__ == "__main__":
    readme = Path(sys.argv[1])
    atomic.write_text(readme, with_tables(readme.read_text(encoding="utf-8")))
