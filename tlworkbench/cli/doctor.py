"""`doctor`: what works here, one entry a check."""

import importlib.metadata
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import click

from tlworkbench import paths
from tlworkbench.cli.output import emit, json_option
from tlworkbench.errors import UserError

_LIBRARIES = ("torch", "transformers", "datasets", "onnxruntime", "textual", "plotext", "tokenizers")


@dataclass(frozen=True)
class Check:
    """One thing looked at: how it is, and what to do where it isn't well."""

    name: str
    status: Literal["ok", "warning", "failed"]
    what: str
    hint: str = ""


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Look at terminal, GPUs, libraries, models, settings and disk, and say what works here."""
    checks = [check() for check in CHECKS]
    glyphs = {"ok": "✓", "warning": "!", "failed": "✗"}
    emit(
        {"checks": [asdict(check) for check in checks]},
        as_json,
        lambda: [
            line
            for check in checks
            for line in (f"{glyphs[check.status]} {check.name:<10} {check.what}", *_indented(check.hint))
        ],
    )


def _indented(hint: str) -> tuple[str, ...]:
    return (f"  {'':<10} {hint}",) if hint else ()


def _terminal() -> Check:
    size = shutil.get_terminal_size((0, 0))
    term, colour = os.environ.get("TERM", ""), os.environ.get("COLORTERM", "")
    what = f"{term or 'no TERM'}, {size.columns}×{size.lines}, colours: {'true' if colour else '256'}"
    if not sys.stderr.isatty():
        return Check(
            "terminal", "warning", f"{what}; stderr is not a terminal", "The screen needs one; commands do not."
        )
    if size.columns < 80 or size.lines < 24:
        return Check("terminal", "warning", what, "The screens are made for 80×24 and more.")
    return Check("terminal", "ok", what)


def _gpus() -> Check:
    import pynvml

    try:
        pynvml.nvmlInit()
        names = [
            str(pynvml.nvmlDeviceGetName(pynvml.nvmlDeviceGetHandleByIndex(index)))
            for index in range(pynvml.nvmlDeviceGetCount())
        ]
    except pynvml.NVMLError as error:
        return Check("GPU", "ok", f"none ({error}); training runs on the processor, in bf16 where it has that")
    return Check("GPU", "ok", ", ".join(names))


def _libraries() -> Check:
    found = {name: importlib.util.find_spec(name) for name in _LIBRARIES}
    missing = [name for name, spec in found.items() if spec is None]
    if missing:
        return Check("libraries", "failed", f"missing: {', '.join(missing)}", "pip install tlworkbench")
    return Check("libraries", "ok", ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES))


def _bundled() -> Check:
    from tlworkbench.catalog.bundled import bundled_model

    try:
        return Check("bundled", "ok", f"{bundled_model()}, checksum right")
    except UserError as error:
        return Check("bundled", "warning", error.what, error.hint)


def _hub_cache() -> Check:
    cache = paths.hub_cache_dir()
    offline = " (HF_HUB_OFFLINE is set)" if os.environ.get("HF_HUB_OFFLINE") else ""
    models = len(list(cache.glob("models--*"))) if cache.is_dir() else 0
    return Check("Hub cache", "ok", f"{cache}: {models} models{offline}")


def _settings() -> Check:
    from tlworkbench.settings import load_settings, settings_file

    try:
        load_settings()
    except UserError as error:
        return Check("settings", "failed", error.what, error.hint)
    there = "" if settings_file().exists() else " (none: all defaults)"
    return Check("settings", "ok", f"{settings_file()}{there}")


def _disk() -> Check:
    folder = _existing(paths.workspaces_dir())
    free = shutil.disk_usage(folder).free / 1e9
    what = f"{free:.0f} GB free where workspaces lie ({paths.workspaces_dir()})"
    if not os.access(folder, os.W_OK):
        return Check("disk", "failed", f"{folder} can't be written", "Set TLWORKBENCH_HOME to a folder of yours.")
    if free < 2:
        return Check("disk", "warning", what, "A run of a base model needs about 2 GB for its checkpoints.")
    return Check("disk", "ok", what)


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


CHECKS: tuple[Callable[[], Check], ...] = (_terminal, _gpus, _libraries, _bundled, _hub_cache, _settings, _disk)
