"""The check command: what it counts, prints and puts right."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.test_sample import CONFLICTS, EMPTY_ROWS, EXACT_DUPLICATES, SAMPLE
from tlworkbench.cli.main import main
from tlworkbench.data.rows_writer import write_rows
from tlworkbench.workspace import Workspace, open_workspace

Run = Callable[..., str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command of the workspace `here`; what it printed."""

    def run(*arguments: str, status: int = 0) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["-w", "here", *arguments])
        captured = capsys.readouterr()
        assert ended.value.code == status, captured.err
        return captured.err if status else captured.out

    return run


def opened(train: list[tuple[str, str]], test: list[tuple[str, str]]) -> Workspace:
    workspace = open_workspace("here", create=True)
    columns = {"train": train, "test": test}
    write_rows(
        workspace.rows_file,
        {
            name: {"text": [text for text, _ in rows], "label": [label for _, label in rows]}
            for name, rows in columns.items()
        },
        validation=0.0,
    )
    return workspace


@pytest.fixture
def faulty() -> Workspace:
    """Two leaks, a conflict that a majority settles, one that it can't."""
    texts = [("leak", "x"), ("leak", "x"), ("most", "x"), ("most", "x"), ("most", "y"), ("tie", "x"), ("tie", "y")]
    return opened(texts, [("leak", "x"), ("held out", "y")])


def test_the_samples_planted_faults_are_all_that_is_found(run: Run) -> None:
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    workspace = open_workspace("here", create=True)
    columns = {name: [line[name] for line in lines] for name in ("text", "label")}
    write_rows(workspace.rows_file, {"train": columns}, validation=0.2)
    result = json.loads(run("check", "--json"))
    assert {name: found["count"] for name, found in result["checks"].items() if found["count"]} == {
        "conflicts": len(CONFLICTS), "empty": len(EMPTY_ROWS), "duplicates": len(EXACT_DUPLICATES),
    }  # fmt: skip
    rows = workspace.rows()
    shown = [
        rows.text(row)
        for key in result["checks"]["conflicts"]["keys"]
        if (row := rows.index_of(int(key, 16))) is not None
    ]
    assert set(shown) == set(CONFLICTS) and len(shown) == 4


def test_json_holds_counts_keys_classes_and_lengths(run: Run, faulty: Workspace, word_model: Path) -> None:
    faulty.update(model=str(word_model))
    result = json.loads(run("check", "--json"))
    leaks: dict[str, Any] = result["checks"]["leaks"]
    assert (leaks["count"], leaks["unit"], leaks["rows"], len(leaks["keys"])) == (2, "row", 3, 3)
    assert result["classes"][0] == {
        "label": "x",
        "rows": 6,
        "splits": {"train": 5, "validation": 0, "test": 1},
    }
    lengths = result["lengths"]
    assert (lengths["limit"], lengths["measured"], lengths["over"]) == (3, 9, 1)
    assert lengths["histogram"] == [{"from": 1, "to": 3, "rows": 8}, {"from": 4, "to": 8, "rows": 1}]
    assert result["checks"]["too_long"]["count"] == 1


def test_only_the_named_checks_are_made(run: Run, faulty: Workspace) -> None:
    assert list(json.loads(run("check", "--json", "--check", "leaks", "--check", "empty"))["checks"]) == [
        "leaks",
        "empty",
    ]
    assert "there is no check 'leeks'" in run("check", "--check", "leeks", status=1)


def test_people_read_a_table_bars_and_what_to_do(run: Run, faulty: Workspace) -> None:
    lines = run("check").splitlines()
    assert lines[0] == "here: 9 rows"
    assert "    2  texts    same text, different labels  in 5 rows" in lines
    assert "    2  rows     leaks into training          and 1 row of validation or test" in lines
    assert any(line.startswith("not found: ") and "empty texts" in line for line in lines)
    assert "not looked at: longer than the model reads (no model is chosen yet)" in lines
    assert any(line.startswith("x         6  67 %  ▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅") for line in lines)


def test_copies_take_the_majoritys_label_and_undo_brings_theirs_back(run: Run, faulty: Workspace) -> None:
    fixed = json.loads(run("check", "--fix", "duplicates", "--json"))
    assert fixed["fixed"] == {"fix": "duplicates", "rows": 1, "edit": "1 row from the majority of copies", "ties": 1}
    assert fixed["checks"]["conflicts"]["count"] == 1
    assert "there was nothing to put right; 1 text has no majority and stay as they are" not in run("check")
    run("labels", "undo")
    assert json.loads(run("check", "--json"))["checks"]["conflicts"]["count"] == 2


def test_leaks_leave_training(run: Run, faulty: Workspace) -> None:
    lines = run("check", "--fix", "leaks").splitlines()
    assert lines[0] == "done: 2 rows excluded (labels undo takes it back)"
    assert lines[2] == "here: 9 rows, 2 of them excluded and not looked at"
    assert run("check", "--fix", "leaks").splitlines()[0] == "there was nothing to put right"


def test_of_many_classes_the_largest_are_shown(run: Run) -> None:
    opened([(f"text {number} {copy}", f"class {number}") for number in range(40) for copy in range(number + 1)], [])
    lines = run("check", "--check", "rare").splitlines()
    names = [line.partition("  ")[0] for line in lines if line.startswith("class ")][1:]
    assert names == [f"class {number}" for number in range(39, 9, -1)]
    assert "and 10 smaller ones" in lines


def test_without_a_dataset_it_says_what_to_do(run: Run) -> None:
    open_workspace("here", create=True)
    assert "has no dataset yet" in run("check", status=1)
