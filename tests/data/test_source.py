"""What a source is, from names and first bytes alone."""

from pathlib import Path

import pytest

from tlworkbench.data.source import resolve_source
from tlworkbench.errors import UserError


def _write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("text\na\n")


def _names(folder: Path) -> dict[str, list[str]]:
    files = resolve_source(str(folder)).files
    return {split: [path.relative_to(folder).as_posix() for path in paths] for split, paths in files.items()}


def test_stems_and_folders_name_splits(tmp_path: Path) -> None:
    _write(tmp_path, "test.csv", "val/b.csv", "training-2.csv", "training-10.csv", "train/dev.csv", "other.csv")
    assert _names(tmp_path) == {
        "train": ["other.csv", "training-2.csv", "training-10.csv"],
        "validation": ["train/dev.csv", "val/b.csv"],
        "test": ["test.csv"],
    }


def test_remarks_beside_data_are_no_data(tmp_path: Path) -> None:
    _write(tmp_path, "data.jsonl", "README.md", "about.txt", "dataset_info.json", ".git/x.csv", "__MACOSX/a.csv")
    assert _names(tmp_path) == {"train": ["data.jsonl"]}
    assert resolve_source(str(tmp_path)).format == "jsonl"


def test_text_files_count_where_there_is_nothing_else(tmp_path: Path) -> None:
    _write(tmp_path, "a.txt", "test.txt", "README.txt")
    assert _names(tmp_path) == {"train": ["a.txt"], "test": ["test.txt"]}


@pytest.mark.parametrize(
    ("given", "id_", "config"),
    [("imdb", "imdb", ""), ("cardiffnlp/tweet_eval:sentiment", "cardiffnlp/tweet_eval", "sentiment")],
)
def test_what_is_not_here_may_be_on_the_hub(given: str, id_: str, config: str) -> None:
    source = resolve_source(given)
    assert (source.kind, source.id, source.config) == ("hub", id_, config)


@pytest.mark.parametrize("given", ["missing.csv", "./missing", "/a/b/c", "csv", "a/b/c", "~/no/such"])
def test_what_can_only_be_a_path_is_not_looked_for_on_the_hub(given: str) -> None:
    with pytest.raises(UserError, match="does not exist"):
        resolve_source(given)


def test_a_folder_wins_over_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _write(tmp_path / "imdb", "train.csv")
    source = resolve_source("imdb")
    assert source.kind == "files"
    assert source.files["train"][0] == tmp_path / "imdb" / "train.csv"
