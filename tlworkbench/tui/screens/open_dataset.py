"""Asking for a dataset: a path that completes itself, or a Hub id."""

import asyncio
from pathlib import Path

from textual.suggester import Suggester

from tlworkbench.data.source import READABLE
from tlworkbench.tui.screens.ask import Ask


class PathSuggester(Suggester):
    """Completes what looks like a path, folders with a slash."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The first path that begins with what was typed."""
        return await asyncio.to_thread(completion, value)


def completion(typed: str) -> str | None:
    """What a typed path may become; None where nothing begins so, or it is no path."""
    if not typed.startswith(("/", "./", "../", "~/")):
        return None
    folder, _, beginning = typed.rpartition("/")
    try:
        names = sorted(
            f"{path.name}/" if path.is_dir() else path.name
            for path in Path(f"{folder}/").expanduser().iterdir()
            if path.name.startswith(beginning) and (beginning or not path.name.startswith("."))
        )
    except OSError:
        return None
    return f"{folder}/{names[0]}" if names else None


def ask_for_dataset(source: str) -> Ask:
    """The dialog; `source` is what the workspace holds now."""
    return Ask(
        "Open a dataset",
        "/path/to/file.csv, a folder, or a Hub id such as imdb",
        f"{READABLE}; right arrow completes a path" + (f"\nnow open: {source}" if source else ""),
        suggester=PathSuggester(),
    )
