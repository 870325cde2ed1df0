"""`suspects`: the worst first, cut to the terminal, and as JSON."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tlworkbench.cli import suspects as command
from tlworkbench.cli.main import main
from tlworkbench.data.rows import key_text
from tlworkbench.data.rows_writer import write_rows
from tlworkbench.data.suggestions import FILE_NAME, SuggestionColumns, SuggestionsMeta, write_suggestions
from tlworkbench.jobs.spec import GainSpec, SuspectsSpec
from tlworkbench.workspace import Workspace, open_workspace

Run = Callable[..., tuple[int, str]]
TEXTS = ("awful", "lovely\n\x1b[2J and 日本語の" + "とても長いテキスト" * 20, "so so", "broken", "great", "fine")


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Six rows, of which the second and the fourth are suspects; a job that leaves that says so at once."""
    workspace = open_workspace("tweets", create=True)
    labels = ["bad", "bad", "good", "good", "good", "good"]
    write_rows(workspace.rows_file, {"train": {"text": list(TEXTS), "label": labels}}, validation=0.0)

    def run_job(where: Workspace, spec: SuspectsSpec | GainSpec) -> tuple[None, dict[str, Any]]:
        assert spec.model == "bundled" and spec.journal_version == 0
        if isinstance(spec, GainSpec):
            figure = {"before": 0.5, "after": 0.75, "change": 0.25, "low": -0.1, "high": 0.4}
            changed = {"train": 3, "validation": 1}
            return None, {"status": "done", "accuracy": figure, "macro_f1": figure, "rows": 40, "relabelled": changed}
        rows = where.rows()
        given = np.array([0, 0, 1, 1, 1, 1], np.int16)
        suspicion = np.array([0.1, 0.8, 0.2, 0.9, 0.3, 0.1], np.float32)
        suspect = suspicion > 0.5
        suggested = np.where(suspect, 1 - given, given).astype(np.int16)
        probability = np.array([1, 0.996, 0.5, 0.95, 0.5, 0.5], np.float32)
        columns = SuggestionColumns(given, suggested, probability, suspicion, suspicion, suspect)
        write_suggestions(where.root / FILE_NAME, rows.keys, columns, {}, SuggestionsMeta())
        return None, {"status": "done", "suspects": 2, "labelled": 6}

    monkeypatch.setattr(command, "run_job", run_job)
    monkeypatch.setenv("COLUMNS", "80")
    return workspace


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(["-w", "tweets", "suspects", *arguments])
        return int(str(ended.value.code)), capsys.readouterr().out

    return run


def test_json_has_the_worst_first(workspace: Workspace, run: Run) -> None:
    status, out = run("--json")
    result = json.loads(out)
    assert status == 0 and (result["suspects"], result["labelled"]) == (2, 6)
    keys = [key_text(int(key)) for key in workspace.rows().keys]
    assert [(row["key"], row["label"], row["suggested"]) for row in result["rows"]] == [
        (keys[3], "good", "bad"),
        (keys[1], "bad", "good"),
    ]
    assert result["rows"][0]["score"] == pytest.approx(0.9) and result["rows"][0]["row"] == 4
    assert len(json.loads(run("--top", "1", "--json")[1])["rows"]) == 1


def test_the_table_is_cut_to_the_terminal(workspace: Workspace, run: Run) -> None:
    status, out = run()
    lines = out.splitlines()
    assert status == 0 and "\x1b" not in out
    assert lines[0].split() == ["key", "label", "suggested", "sure", "text"]
    assert lines[1].split()[1:] == ["good", "bad", ".95", "broken"]
    assert "1.00  lovely" in lines[2] and lines[2].endswith("…")
    assert len(lines[2]) + sum(character > "\u3000" for character in lines[2]) <= 80
    assert lines[3].startswith("2 suspects in 6 labelled rows; put one right")


def test_the_gain_says_what_it_stands_on(workspace: Workspace, run: Run) -> None:
    status, out = run("--gain")
    assert status == 0
    assert "accuracy   0.500  0.750  +0.250 (-0.100 to +0.400)" in out
    assert "on 40 validation rows" in out and "3 training and 1 validation rows are labelled otherwise" in out


def test_an_unknown_model_is_refused_before_any_job(workspace: Workspace, run: Run, tmp_path: Path) -> None:
    status, _ = run("--model", str(tmp_path / "nowhere"))
    assert status == 1
