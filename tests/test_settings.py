"""settings.toml: strict, optional, never rewritten."""

from pathlib import Path

import pytest

from tlworkbench.errors import UserError
from tlworkbench.settings import Settings, load_settings, settings_file


def write(text: str) -> Path:
    path = settings_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_without_a_file_all_is_default_and_none_is_made(home: Path) -> None:
    assert load_settings() == Settings()
    assert not home.exists()


def test_what_is_written_counts() -> None:
    write('theme = "paper"\nmodel_folders = ["/models"]\n[keys]\n"data.undo" = "U"\n')
    settings = load_settings()
    assert (settings.theme, settings.model_folders, settings.keys) == ("paper", ("/models",), {"data.undo": "U"})


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ('them = "grey"', "unknown key 'them'", "Did you mean 'theme'?"),
        ("theme = 3", "key 'theme'", "Mend that value."),
        ("theme = ", "is not valid TOML", "Mend that line."),
    ],
)
def test_a_mistake_names_file_and_key(text: str, what: str, hint: str) -> None:
    path = write(text)
    with pytest.raises(UserError) as raised:
        load_settings()
    assert str(path) in raised.value.what and what in raised.value.what
    assert raised.value.hint == hint
