"""Themes: one TOML file each, checked colour by colour; a bad one is reported while the others work."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
from textual.theme import Theme

from tlworkbench import paths
from tlworkbench.config_file import convert, read_toml
from tlworkbench.errors import UserError

DEFAULT = "grey"
WHERE = "theme"
"""Where a workspace keeps the theme that was chosen in it."""
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_FEWEST_LABELS = 10


class Colours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The colours of a theme, each as `#rrggbb`."""

    background: str
    surface: str
    """Status strip, key bar, dialogs."""
    panel: str
    """Fields."""
    cursor: str
    """The row the cursor is on."""
    frame: str
    dim: str
    """What is there but not now."""
    muted: str
    """What is said beside."""
    text: str
    primary: str
    """Focus, and what runs."""
    accent: str
    """Keys, and what wants you."""
    success: str
    warning: str
    error: str


class LabelColours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Colours of the labels, in their order."""

    colours: tuple[str, ...]


class ThemeFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a theme file holds."""

    colours: Colours
    labels: LabelColours
    dark: bool = True


@dataclass(frozen=True)
class Look:
    """A theme as widgets use it: `look.colours.primary`, `look.label(2)`."""

    name: str
    dark: bool
    colours: Colours
    labels: tuple[str, ...]

    def label(self, index: int) -> str:
        """Colour of the label at a place of the label set; muted for none (a negative index)."""
        return self.labels[index % len(self.labels)] if index >= 0 else self.colours.muted

    def textual(self) -> Theme:
        """The theme for Textual's stylesheets, with `$frame`, `$dim`, `$muted` and `$cursor` beside its own names."""
        colours = self.colours
        return Theme(
            name=self.name,
            dark=self.dark,
            primary=colours.primary,
            secondary=colours.primary,
            accent=colours.accent,
            success=colours.success,
            warning=colours.warning,
            error=colours.error,
            foreground=colours.text,
            background=colours.background,
            surface=colours.surface,
            panel=colours.panel,
            variables={
                "frame": colours.frame,
                "dim": colours.dim,
                "muted": colours.muted,
                "cursor": colours.cursor,
                "border": colours.frame,
                "border-blurred": colours.frame,
                "scrollbar": colours.frame,
                "scrollbar-hover": colours.muted,
                "scrollbar-active": colours.muted,
                "scrollbar-background": colours.background,
                "scrollbar-background-hover": colours.background,
                "scrollbar-background-active": colours.background,
                "scrollbar-corner-color": colours.background,
                "block-cursor-background": colours.cursor,
                "block-cursor-foreground": colours.text,
                "block-cursor-text-style": "none",
                "block-cursor-blurred-background": colours.cursor,
                "block-cursor-blurred-foreground": colours.text,
                "block-cursor-blurred-text-style": "none",
                "block-hover-background": colours.panel,
                "input-cursor-background": colours.text,
                "input-cursor-foreground": colours.background,
                "input-selection-background": colours.frame,
            },
        )


FALLBACK = Look(
    "plain",
    True,
    Colours(
        background="#121212", surface="#1c1c1c", panel="#262626", cursor="#303030", frame="#3a3a3a", dim="#626262",
        muted="#8a8a8a", text="#d0d0d0", primary="#5fafff", accent="#ffaf5f", success="#87d787", warning="#ffd75f",
        error="#ff875f",
    ),
    ("#ff875f", "#d7af87", "#87d787", "#87afff", "#d787d7", "#5fd7d7", "#d7d75f", "#ff87af", "#afaf87", "#af87ff"),
)  # fmt: skip
"""Stands in where not one theme file can be read."""


def load_theme(path: Path) -> Look:
    """Read one theme file; raises UserError that names the file and the colour."""
    file = convert(read_toml(path), ThemeFile, str(path))
    for name in file.colours.__struct_fields__:
        _check_colour(path, name, getattr(file.colours, name))
    for number, colour in enumerate(file.labels.colours, 1):
        _check_colour(path, f"labels.colours number {number}", colour)
    if len(file.labels.colours) < _FEWEST_LABELS:
        raise UserError(
            f"{path}: labels.colours holds {len(file.labels.colours)} colours", f"Give at least {_FEWEST_LABELS}."
        )
    return Look(path.stem, file.dark, file.colours, file.labels.colours)


def load_themes(folders: tuple[Path, ...] | None = None) -> tuple[dict[str, Look], list[UserError]]:
    """All themes by name, a later folder's before an earlier one's, and what was wrong with the others."""
    looks: dict[str, Look] = {}
    errors: list[UserError] = []
    for folder in paths.theme_dirs() if folders is None else folders:
        for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
            try:
                looks[path.stem] = load_theme(path)
            except UserError as error:
                errors.append(error)
    return looks, errors


def themes_for(wanted: str, where: Mapping[str, object]) -> tuple[dict[str, Look], str, list[UserError]]:
    """All themes, the name of the one to use, and what was wrong; there is always one to use.

    wanted: the theme of the settings. where: what the workspace keeps; a theme chosen in it goes before the settings.
    """
    looks, errors = load_themes()
    chosen = where.get(WHERE)
    if isinstance(chosen, str) and chosen in looks:
        return looks, chosen, errors
    if not looks:
        looks[FALLBACK.name] = FALLBACK
    if wanted in looks:
        return looks, wanted, errors
    errors.append(UserError(f"there is no theme '{wanted}'", f"There are: {', '.join(sorted(looks))}."))
    return looks, DEFAULT if DEFAULT in looks else min(looks), errors


def _check_colour(path: Path, name: str, value: str) -> None:
    if not _COLOUR.fullmatch(value):
        raise UserError(f"{path}: {name} is '{value}'", "Write a colour as #rrggbb.")
