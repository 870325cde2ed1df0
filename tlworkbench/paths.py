"""Where things lie on this machine. TLWORKBENCH_HOME moves everything; nothing is created by asking."""

import os
from importlib import resources
from pathlib import Path

import platformdirs

_APP = "tlworkbench"


def _home() -> Path | None:
    home = os.environ.get("TLWORKBENCH_HOME")
    return Path(home).expanduser().absolute() if home else None


def config_dir() -> Path:
    """Folder of `settings.toml` and `themes/`."""
    home = _home()
    return home / "config" if home else Path(platformdirs.user_config_dir(_APP))


def workspaces_dir() -> Path:
    """Folder under which a workspace given by name lies."""
    home = _home()
    return home / "workspaces" if home else Path(platformdirs.user_data_dir(_APP)) / "workspaces"


def cache_dir() -> Path:
    """Folder of what can be computed again (embeddings, tokens)."""
    home = _home()
    return home / "cache" if home else Path(platformdirs.user_cache_dir(_APP))


def hub_cache_dir() -> Path:
    """The Hugging Face cache, by the same environment variables the libraries read."""
    cache = os.environ.get("HF_HUB_CACHE")
    if cache:
        return Path(cache).expanduser()
    home = os.environ.get("HF_HOME")
    if home:
        return Path(home).expanduser() / "hub"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "huggingface" / "hub"


def theme_dirs() -> tuple[Path, ...]:
    """Folders of theme files, the user's last so that they win over the ones that come with the program."""
    package = Path(str(resources.files("tlworkbench")))
    packed = package / "themes"
    # An editable install runs from the source tree, where the themes stand beside the package.
    bundled = packed if packed.is_dir() else package.parent / "themes"
    return bundled, config_dir() / "themes"


def sample_file(name: str) -> Path:
    """A file of the bundled sample data."""
    return Path(str(resources.files("tlworkbench"))) / "sample" / name
