"""The whole loop by commands, with the real engine on a tiny random BERT: real processes, a real ONNX file."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tlworkbench.jobs.folder import list_jobs
from tlworkbench.workspace import Workspace, open_workspace

GOOD = ("lovely", "great", "good", "fine")
BAD = ("awful", "bad", "broken", "slow")


@pytest.fixture
def stars(tmp_path: Path) -> Path:
    """Reviews in five stars: one and two are bad, four and five good, three in between."""
    path = tmp_path / "stars.csv"
    lines = ["review,stars"]
    for number in range(150):
        star = number % 5 + 1
        word = "plain" if star == 3 else (BAD if star < 3 else GOOD)[number % 4]
        lines.append(f'"the {word} thing number {number}, I say {word}",{star}')
    path.write_text("\n".join(lines) + "\n")
    return path


def command(*arguments: str | Path) -> dict[str, Any]:
    """Run a command as its user does; its one JSON object."""
    child = subprocess.run(
        [sys.executable, "-m", "tlworkbench", *map(str, arguments), "--json"],
        capture_output=True,
        text=True,
        timeout=200,
        stdin=subprocess.DEVNULL,
    )
    assert child.returncode == 0, child.stderr
    result = json.loads(child.stdout)
    assert isinstance(result, dict)
    return result


def test_open_map_train_evaluate_export_predict(stars: Path, tiny_bert: Path, tmp_path: Path) -> None:
    opened = command("open", stars)
    assert opened["rows"] == 150
    assert opened["columns"] == {"text": ["review"], "label": "stars"}
    assert opened["labels"] == {str(star): 30 for star in range(1, 6)}

    mapped = command("labels", "map", "1=negative", "2=negative", "3=neutral", "4=positive", "5=positive")
    assert mapped["counts"] == {"negative": 60, "neutral": 30, "positive": 60}

    fields = ("max_length=32", "batch_size=8", "learning_rate=0.01", "precision=fp32")
    settings = [part for field in fields for part in ("--set", field)]
    trained = command("train", "--model", tiny_bert, "--epochs", "4", *settings)
    assert trained["status"] == "done"
    assert trained["best"]["macro_f1"] > trained["majority"]["macro_f1"] + 0.2

    measured = command("evaluate", trained["run"])
    assert measured["macro_f1"] == pytest.approx(trained["best"]["macro_f1"], abs=1e-6)

    exported = command("export")
    assert exported["verdict"] == "ready"
    assert exported["parity"]["max_abs_diff"] <= 1e-4 and exported["parity"]["agreement"] == 1.0
    assert set(exported["variants"]) == {"fp32", "int8"}

    predicted = command("predict", "the lovely thing, I say lovely", "the awful thing, I say awful")
    assert [one["label"] for one in predicted["predictions"]] == ["positive", "negative"]
    assert sum(score for _, score in predicted["predictions"][0]["top"]) == pytest.approx(1, abs=1e-5)

    listed = command("runs")["runs"]
    assert [(run["status"], run["exported"]) for run in listed] == [("done", True)]
    assert trained["run"] in {model["id"] for model in command("models")["models"]}

    again(open_workspace("stars"), trained["run"])


def again(workspace: Workspace, run: str) -> None:
    """`train job.toml` repeats a run: the same rows, the same figures."""
    first = next(job for job in list_jobs(workspace.jobs_dir, "train") if job.run == run)
    repeated = command("train", first.spec_file)
    assert repeated["run"] != run
    best = command("runs")["runs"]
    assert best[0]["metrics"] == best[1]["metrics"]


def test_a_failed_import_leaves_no_workspace_behind(tmp_path: Path, home: Path) -> None:
    source = tmp_path / "broken.csv"
    source.write_text("text,label\na,b\nc,d,e\n")
    child = subprocess.run(
        [sys.executable, "-m", "tlworkbench", "open", str(source)], capture_output=True, text=True, timeout=100
    )
    assert child.returncode == 1 and "broken.csv line 3" in child.stderr
    assert list((home / "workspaces").iterdir()) == []


def test_a_dataset_of_one_class_is_refused_with_the_reason(tmp_path: Path, tiny_bert: Path) -> None:
    source = tmp_path / "sorted.csv"
    source.write_text("text,label\n" + "".join(f"film number {number} was long,0\n" for number in range(100)))
    command("open", source)
    child = subprocess.run(
        [sys.executable, "-m", "tlworkbench", "train", "--model", str(tiny_bert)],
        capture_output=True,
        text=True,
        timeout=100,
        stdin=subprocess.DEVNULL,
    )
    assert child.returncode == 1 and child.stdout == ""
    assert "class" in child.stderr and "'0'" in child.stderr
    assert len(child.stderr.splitlines()) >= 2, "the reason comes with what to do"
