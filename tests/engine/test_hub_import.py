"""A dataset of the Hub through the real engine child: fetched, cut to the split asked for, there without the Hub."""

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.fake_hub import FakeHub
from tlworkbench.data.rows import Rows
from tlworkbench.jobs.events import Finished, decode
from tlworkbench.jobs.folder import create_job
from tlworkbench.jobs.spec import ImportSpec

Open = Callable[..., Finished]


@pytest.fixture
def open_source(tmp_path: Path) -> Open:
    """Import a source into the workspace at `tmp_path` in a process of its own; the job's last word."""

    def open_source(source: str, split: str = "") -> Finished:
        job = create_job(tmp_path / "jobs", ImportSpec(source=source, split=split))
        subprocess.run(
            [sys.executable, "-m", "tlworkbench.engine", str(job.path)],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=90,
        )
        last = decode(job.events_file.read_bytes().splitlines()[-1])
        assert isinstance(last, Finished)
        return last

    return open_source


def csv(rows: int) -> bytes:
    return b"text,label\n" + b"".join(b"message %d,%s\n" % (n, (b"bad", b"good")[n % 2]) for n in range(rows))


def parquet(rows: int) -> bytes:
    file = io.BytesIO()
    columns: dict[str, Any] = {"text": [f"row {n}" for n in range(rows)], "label": [n % 2 for n in range(rows)]}
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def test_part_of_a_split_is_imported_and_stays_without_the_hub(
    fake_hub: FakeHub, open_source: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_hub.datasets["user/tiny"] = {"data.csv": csv(30), "README.md": b"# a card\n"}
    finished = open_source("user/tiny", "train[:10]")
    assert (finished.status, finished.result["rows"]) == ("done", 10), finished
    rows = Rows.open(tmp_path / "rows.arrow")
    assert rows.texts(range(len(rows))) == [f"message {n}" for n in range(10)]
    assert rows.meta.label_values == ("bad", "good")
    assert {asked.path.split("/")[-1] for asked in fake_hub.asked if asked.method == "GET"} >= {"data.csv"}

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    fake_hub.asked.clear()
    assert open_source("user/tiny", "train[:5]").result["rows"] == 5
    assert fake_hub.asked == []


def test_named_splits_of_parquet_files(fake_hub: FakeHub, open_source: Open) -> None:
    fake_hub.datasets["user/named"] = {
        "data/train-00000-of-00001.parquet": parquet(20),
        "data/test-00000-of-00001.parquet": parquet(8),
    }
    result = open_source("user/named").result
    assert (result["rows"], result["splits"]["test"]) == (28, 8)
    assert sum(result["splits"].values()) == 28


def test_an_unknown_dataset_says_so(fake_hub: FakeHub, open_source: Open) -> None:
    finished = open_source("user/none")
    assert finished.status == "failed"
    assert finished.what.endswith("there is no dataset 'user/none' on the Hub, or it is private")
    assert finished.hint
