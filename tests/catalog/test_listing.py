"""What the Models screen and `tlworkbench models` list."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.catalog.conftest import Cached, Trained
from tests.tiny_model import model_files, write
from tlworkbench import paths
from tlworkbench.catalog.listing import list_models
from tlworkbench.catalog.model_info import ModelInfo


def listed(jobs_dir: Path | None = None, folders: tuple[str | Path, ...] = (), query: str = "") -> list[str]:
    return [info.id for info in list_models(jobs_dir, folders, query)]


def one(id: str, jobs_dir: Path | None = None, folders: tuple[str | Path, ...] = ()) -> ModelInfo:
    return next(info for info in list_models(jobs_dir, folders) if info.id == id)


def test_the_bundled_model_is_always_there() -> None:
    (bundled,) = list_models(None)
    assert (bundled.id, bundled.where, bundled.task, bundled.architecture) == ("bundled", "bundled", "text", "bert")
    assert (bundled.params, bundled.bytes, bundled.positions) == (22_713_216, 90_868_376, 512)
    assert (bundled.note, bundled.usable, bundled.labels) == ("all-MiniLM-L6-v2", True, ())


def test_without_its_package_the_bundled_model_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    (bundled,) = list_models(None)
    assert (bundled.id, bundled.usable) == ("bundled", False)
    assert bundled.why == "the bundled model is not installed; install it: pip install 'tlworkbench[demo]'."


def test_usable_ones_come_first_then_by_place(tmp_path: Path, jobs_dir: Path, cached: Cached, trained: Trained) -> None:
    for model_type in ("bert", "vit"):
        write(tmp_path / "folders" / model_type, model_files(model_type))
        cached(f"user/{model_type}", model_files(model_type))
    trained()
    trained(files={"config.json": b"{}"})
    trained()
    folders = tmp_path / "folders"
    assert listed(jobs_dir, (folders,)) == [
        "bundled", "0003", "0001", "user/bert", str(folders / "bert"), "0002", "user/vit", str(folders / "vit"),
    ]  # fmt: skip


def test_a_run_says_what_it_came_from_and_how_it_ended(jobs_dir: Path, trained: Trained) -> None:
    run = trained(status="stopped", model="user/name")
    found = one("0001", jobs_dir)
    assert (found.where, found.path, found.note) == ("run", str(run.model_dir), "run of user/name, stopped")
    run.spec_file.write_text("not toml at all")
    assert one("0001", jobs_dir).note == "run of an unknown model, stopped"


def test_a_run_without_a_model_or_still_going_is_not_listed(jobs_dir: Path, trained: Trained) -> None:
    trained(files={})
    trained(status="starting")
    assert listed(jobs_dir) == ["bundled"]


def test_what_is_damaged_is_listed_with_the_reason(tmp_path: Path, cached: Cached) -> None:
    broken = cached("user/broken")
    (broken / "model.safetensors").unlink()
    (broken / "model.safetensors").symlink_to("../../blobs/gone")
    (paths.hub_cache_dir() / "models--user--half" / "blobs").mkdir(parents=True)
    assert one("user/broken").why == "model.safetensors is a link to a file that is gone; get it again"
    assert one("user/half").why == "its fetch didn't finish; go on with: tlworkbench models --fetch user/half"
    assert not one("user/half").usable


def test_a_cache_that_can_t_be_read_says_so(cached: Cached, monkeypatch: pytest.MonkeyPatch) -> None:
    cached("user/name")
    cache = paths.hub_cache_dir()

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_dir", refuse)
    assert one(str(cache)).why == "the Hugging Face cache can't be read: Permission denied"


def test_folders_are_models_or_hold_them(tmp_path: Path) -> None:
    model = write(tmp_path / "models" / "tiny", model_files())
    write(tmp_path / "models" / "deep" / "er", model_files())
    (tmp_path / "models" / "a-file").touch()
    (tmp_path / "empty").mkdir()
    # Given twice, once through its parent: listed once.
    assert listed(folders=(model, tmp_path / "models", str(model) + "/")) == ["bundled", str(model)]
    assert one(str(tmp_path / "empty"), folders=(tmp_path / "empty",)).why == (
        "no config.json in it or in one of its folders; correct model_folders in settings.toml"
    )
    assert one(str(tmp_path / "gone"), folders=(tmp_path / "gone",)).why == (
        "this folder can't be read: No such file or directory"
    )


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["bundled", "Org/Name-Small", "user/distil"]),
        ("minilm", ["bundled"]),
        ("MiniLM", ["bundled"]),
        ("MINILM", []),
        ("name", ["Org/Name-Small"]),
        ("Name small", ["Org/Name-Small"]),
        ("name-Small", []),
        ("distilbert", ["user/distil"]),
        ("text bert", ["bundled", "Org/Name-Small", "user/distil"]),
        ("image", []),
    ],
)
def test_a_query_is_words_with_smart_case(cached: Cached, query: str, ids: list[str]) -> None:
    cached("Org/Name-Small")
    cached("user/distil", model_files("distilbert"))
    assert listed(query=query) == ids


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys; from tlworkbench.catalog.listing import list_models; list_models(None);"
        "from tlworkbench.catalog import hub, resolve;"
        "print([name for name in ('huggingface_hub', 'torch', 'transformers', 'numpy') if name in sys.modules])"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert child.stdout == "[]\n"
