"""The user's preferences: `settings.toml` in the configuration folder, read once at start, never rewritten by us."""

import shlex
from pathlib import Path

import msgspec

from tlworkbench import paths
from tlworkbench.config_file import convert, read_toml


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything `settings.toml` may hold; each key is optional."""

    theme: str = "grey"
    """Name of a theme file without `.toml`: one that comes along, or one of yours in `themes/` beside the settings."""
    model_folders: tuple[str, ...] = ()
    """Folders whose subfolders are offered on the Models screen when they hold a `config.json`."""
    bell: bool = True
    """Ring the terminal's bell when a training run ends."""
    on_end: str = ""
    """Command to run when a training run ends, as in `notify-send "run ended"`; without a shell. It finds
    TLWORKBENCH_RUN, TLWORKBENCH_STATUS, TLWORKBENCH_METRIC and TLWORKBENCH_WORKSPACE in its environment."""
    keys: dict[str, str] = {}
    """Other keys for actions, by action id: `"data.undo" = "U"`; several keys are separated by commas."""

    def __post_init__(self) -> None:
        try:
            shlex.split(self.on_end)
        except ValueError as error:
            raise ValueError(f"key 'on_end': {error}") from error


def settings_file() -> Path:
    """Where `settings.toml` lies, whether or not it exists."""
    return paths.config_dir() / "settings.toml"


def load_settings() -> Settings:
    """Read `settings.toml`; all defaults when there is none. Raises UserError naming file and key."""
    path = settings_file()
    if not path.exists():
        return Settings()
    return convert(read_toml(path), Settings, str(path))
