"""Theme files: the ones that come along, and what is wrong with others."""

import re
from pathlib import Path

import pytest

from tlworkbench import paths
from tlworkbench.errors import UserError
from tlworkbench.settings import Settings
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.themes import FALLBACK, Look, load_theme, load_themes
from tlworkbench.workspace import Workspace

GREY = (paths.theme_dirs()[0] / "grey.toml").read_text()
XTERM = {f"#{level:02x}{level:02x}{level:02x}" for level in range(8, 239, 10)} | {
    f"#{r:02x}{g:02x}{b:02x}"
    for r in (0, 95, 135, 175, 215, 255)
    for g in (0, 95, 135, 175, 215, 255)
    for b in (0, 95, 135, 175, 215, 255)
}


def _themes() -> dict[str, Look]:
    looks, errors = load_themes(paths.theme_dirs()[:1])
    assert errors == []
    return looks


def test_both_themes_come_along_and_the_fallback_is_like_the_default() -> None:
    looks = _themes()
    assert {"grey", "paper"} <= set(looks)
    assert looks["grey"].dark and not looks["paper"].dark
    assert FALLBACK.colours == looks["grey"].colours


@pytest.mark.parametrize("name", ["grey", "paper"])
def test_every_colour_is_one_that_a_terminal_of_256_colours_has(name: str) -> None:
    look = _themes()[name]
    used = {getattr(look.colours, field) for field in look.colours.__struct_fields__} | set(look.labels)
    assert used <= XTERM


@pytest.mark.parametrize("name", ["grey", "paper"])
def test_what_is_written_can_be_read(name: str) -> None:
    look = _themes()[name]
    for ground in (look.colours.background, look.colours.surface, look.colours.cursor):
        for colour in (look.colours.text, look.colours.primary, look.colours.accent, *look.labels):
            assert _contrast(ground, colour) >= 3.0, (ground, colour)
        assert _contrast(ground, look.colours.text) >= 7.0


def test_label_colours_start_again_after_the_last() -> None:
    look = _themes()["grey"]
    assert look.label(0) == look.label(len(look.labels)) == "#ff875f"
    assert look.label(-1) == look.colours.muted


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('text = "#d0d0d0"', 'text = "grey"', "text is 'grey'"),
        ('text = "#d0d0d0"', 'txt = "#d0d0d0"', "unknown key 'txt'"),
        ('text = "#d0d0d0"', "", "text"),
        ('"#d7af87"', '"#d7af8"', "labels.colours number 2 is '#d7af8'"),
        ("dark = true", "dark = 1", "dark"),
        ("dark = true", "dark = ", "not valid TOML"),
    ],
)
def test_a_bad_theme_names_its_file_and_what_is_wrong(tmp_path: Path, old: str, new: str, what: str) -> None:
    file = tmp_path / "mine.toml"
    assert old in GREY
    file.write_text(GREY.replace(old, new))
    with pytest.raises(UserError, match=re.escape(str(file))) as raised:
        load_theme(file)
    assert what in raised.value.what


def test_too_few_label_colours_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(re.sub(r"colours = \[.*\]", 'colours = ["#ffffff"]', GREY, flags=re.DOTALL))
    with pytest.raises(UserError, match="holds 1 colours"):
        load_theme(file)


async def test_bad_themes_are_told_in_one_toast_and_the_others_work(workspace: Workspace) -> None:
    mine = paths.theme_dirs()[1]
    mine.mkdir(parents=True)
    (mine / "broken.toml").write_text(GREY.replace("#d0d0d0", "nope"))
    (mine / "worse.toml").write_text("dark = ")
    (mine / "own.toml").write_text(GREY.replace("#5fafff", "#00d7ff"))
    app = Workbench(workspace, Settings(theme="own"))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.theme == "own" and app.look.colours.primary == "#00d7ff"
        (toast,) = app._notifications
        assert "broken.toml" in toast.message and "worse.toml" in toast.message


async def test_a_theme_that_does_not_exist_is_told_and_the_default_used(workspace: Workspace) -> None:
    app = Workbench(workspace, Settings(theme="gray"))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.theme == "grey"
        assert [toast.message.splitlines()[0] for toast in app._notifications] == ["there is no theme 'gray'"]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
