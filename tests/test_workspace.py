"""Workspaces on disk: made, found again, damaged, current."""

from pathlib import Path

import pytest

from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import create_job
from tlworkbench.jobs.spec import ImportSpec, TrainSpec
from tlworkbench.jobs.state import JobState, write_state
from tlworkbench.workspace import (
    current_workspace,
    list_workspaces,
    name_for_source,
    open_workspace,
    remember_current,
    remove_if_unused,
)


def test_a_name_lies_in_the_data_folder_and_a_path_where_it_says(home: Path, tmp_path: Path) -> None:
    assert open_workspace("tweets", create=True).root == home / "workspaces" / "tweets"
    assert open_workspace(str(tmp_path / "here"), create=True).root == tmp_path / "here"
    assert list_workspaces() == ["tweets"]


def test_asking_creates_nothing(home: Path) -> None:
    with pytest.raises(UserError, match="there is no workspace 'nowhere'"):
        open_workspace("nowhere")
    assert not home.exists()


def test_a_name_cannot_leave_the_data_folder() -> None:
    with pytest.raises(UserError, match="can't be a workspace's name"):
        open_workspace("a b", create=True)


def test_updates_of_two_programs_are_merged_by_field() -> None:
    first = open_workspace("w", create=True)
    second = open_workspace("w")
    first.update(model="bundled")
    second.update(where={"screen": "data"})
    again = open_workspace("w").info
    assert (again.model, again.where) == ("bundled", {"screen": "data"})


def test_a_workspace_never_used_goes_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    unused = open_workspace("unused", create=True)
    job = create_job(unused.jobs_dir, ImportSpec(source="x.csv"))
    remove_if_unused(unused)
    assert job.path.exists(), "an import that runs keeps its workspace"
    write_state(job.state_file, JobState(status="failed"))
    remove_if_unused(unused)
    assert not unused.root.exists()

    shared = open_workspace(str(tmp_path / "shared"), create=True)
    (shared.root / "thesis.tex").write_text("years of work")
    remove_if_unused(shared)
    assert [path.name for path in shared.root.iterdir()] == ["thesis.tex"]

    used = open_workspace("used", create=True)
    create_job(used.jobs_dir, TrainSpec(model="bundled"))
    remove_if_unused(used)
    assert used.info_file.exists()


def test_a_damaged_state_file_is_named() -> None:
    workspace = open_workspace("w", create=True)
    workspace.info_file.write_text("{broken")
    with pytest.raises(UserError, match="is damaged") as raised:
        open_workspace("w")
    assert str(workspace.info_file) in raised.value.what
    assert "open the source again" in raised.value.hint


def test_a_newer_format_is_refused() -> None:
    workspace = open_workspace("w", create=True)
    workspace.info_file.write_text('{"format": 99}')
    with pytest.raises(UserError, match="newer tlworkbench"):
        open_workspace("w")


def test_the_same_source_finds_its_workspace_again_and_another_gets_its_own() -> None:
    assert name_for_source("/data/a/train.csv") == "train"
    open_workspace("train", create=True).update(source="/data/a/train.csv")
    assert name_for_source("/data/a/train.csv") == "train"
    assert name_for_source("/data/b/train.csv") == "train-2"


def test_the_current_workspace_is_remembered() -> None:
    with pytest.raises(UserError, match="no workspace was opened yet"):
        current_workspace()
    remember_current(open_workspace("w", create=True))
    assert current_workspace() == "w"
