"""The README's tables are the code's, and its commands are real."""

import re
import shlex
from itertools import pairwise
from pathlib import Path

from tlworkbench.cli.main import COMMANDS
from tlworkbench.cli.reference import with_tables

README = Path(__file__).parents[1] / "README.md"


def test_tables_of_commands_and_keys_are_up_to_date() -> None:
    text = README.read_text(encoding="utf-8")
    assert with_tables(text) == text, "make them anew: python -m tlworkbench.cli.reference README.md"


def test_every_command_in_the_readme_exists() -> None:
    text = README.read_text(encoding="utf-8")
    used = set()
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            for program, word in pairwise(words):
                if program.endswith("tlworkbench") and word.isalpha():
                    used.add(word)
    assert used and used <= set(COMMANDS)


def test_every_path_in_the_readmes_tree_exists() -> None:
    text = README.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:tlworkbench|tests|themes)/[\w./-]*)`", text))
    assert named and [path for path in sorted(named) if not (README.parent / path).exists()] == []
