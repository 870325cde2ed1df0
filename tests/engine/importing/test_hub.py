"""Datasets of a Hub, fetched from one on the loopback."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.fake_hub import FakeHub
from tlworkbench.data.rows import Rows
from tlworkbench.engine.context import JobContext
from tlworkbench.jobs.events import Event, Finished, Progress, decode
from tlworkbench.jobs.folder import JobFolder

_FEATURES = (
    '{"info": {"features": {"text": {"dtype": "string", "_type": "Value"},'
    ' "label": {"names": ["neg", "pos"], "_type": "ClassLabel"}}}}'
)


def _parquet(texts: list[str], labels: list[int]) -> bytes:
    table = pa.table({"text": texts, "label": labels}).replace_schema_metadata({"huggingface": _FEATURES})
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


@pytest.fixture
def reviews(fake_hub: FakeHub) -> FakeHub:
    # The Hub knows old datasets by their bare names, and answers with the full ones.
    fake_hub.answers["/api/datasets/imdb"] = (200, b'{"id": "stanfordnlp/imdb", "private": false, "downloads": 1}')
    fake_hub.datasets["stanfordnlp/imdb"] = {
        "plain_text/train-00000-of-00001.parquet": _parquet(["r0", "r1", "r2"], [0, 1, 0]),
        "plain_text/test-00000-of-00001.parquet": _parquet(["t0", "t1"], [1, 1]),
        "plain_text/unsupervised-00000-of-00001.parquet": _parquet(["u0"], [-1]),
        "README.md": b"""---
configs:
- config_name: plain_text
  data_files:
  - split: unsupervised
    path: plain_text/unsupervised-*
  - split: test
    path: plain_text/test-*
  - split: train
    path: plain_text/train-*
---
""",
    }
    fake_hub.datasets["cardiffnlp/tweet_eval"] = {
        "sentiment/train.csv": b"text,label\na,x\nb,y\n",
        "emotion/train.csv": b"text,label\nc,x\nd,z\n",
        "README.md": b"""---
configs:
- config_name: sentiment
  data_files: sentiment/train.csv
- config_name: emotion
  data_files: emotion/train.csv
---
""",
    }
    return fake_hub


@pytest.fixture(autouse=True)
def libraries(fake_hub: FakeHub, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """datasets too reads its environment when it is imported, long before this test."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(datasets.config, "HF_ENDPOINT", fake_hub.url)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", home / "datasets")
    huggingface_hub.HfFileSystem.clear_instance_cache()


def _import_in_child(job: JobFolder) -> Finished:
    with job.log_file.open("wb") as log:
        subprocess.run([sys.executable, "-m", "tlworkbench.engine", str(job.path)], stdout=log, stderr=log, timeout=120)
    last = decode(job.events_file.read_bytes().splitlines()[-1])
    assert isinstance(last, Finished), job.log_file.read_text()
    return last


def test_a_dataset_is_fetched_with_its_splits_and_class_names(import_source: Any, reviews: FakeHub) -> None:
    job = import_source.job("imdb", validation=0.0)
    finished = _import_in_child(job)
    assert finished.status == "done", finished
    assert finished.result["splits"] == {"train": 3, "test": 2, "unsupervised": 1}
    rows = Rows.open(job.workspace / "rows.arrow")
    assert rows.texts(range(6)) == ["r0", "r1", "r2", "t0", "t1", "u0"]
    assert rows.meta.label_values == ("neg", "pos")
    assert rows.source_labels.tolist() == [0, 1, 0, 1, 1, -1]
    assert (rows.meta.source, rows.split_name(5)) == ("imdb", "unsupervised")


def test_a_part_is_fetched_once_and_then_found_without_the_hub(
    import_source: Any, reviews: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = import_source("imdb", split="train[:2]+test[1:]", validation=0.0)
    assert outcome.result["splits"] == {"train": 2, "test": 1}
    assert outcome.rows.texts(range(3)) == ["r0", "r1", "t1"]
    asked = len(reviews.asked)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    outcome = import_source("imdb", split="train[:2]", validation=0.0)
    assert outcome.result["splits"] == {"train": 2}
    assert len(reviews.asked) == asked


def test_a_configuration_is_named_after_a_colon(import_source: Any, reviews: FakeHub) -> None:
    outcome = import_source("cardiffnlp/tweet_eval:emotion", validation=0.0)
    assert outcome.result["labels"] == {"x": 1, "z": 1}
    error = import_source.fails("cardiffnlp/tweet_eval")
    assert error.what == "'cardiffnlp/tweet_eval' has several configurations: name one"
    assert "cardiffnlp/tweet_eval:sentiment, cardiffnlp/tweet_eval:emotion" in error.hint


def test_what_the_hub_does_not_have_is_said(import_source: Any, reviews: FakeHub) -> None:
    error = import_source.fails("imdbb")
    assert "'imdbb' is no file or folder here, and there is no dataset 'imdbb' on the Hub" in error.what
    error = import_source.fails("imdb", split="tests")
    assert error.what.startswith("'stanfordnlp/imdb': Unknown split \"tests\"")


def test_a_stop_is_heard_while_the_hub_sends(import_source: Any, reviews: FakeHub) -> None:
    reviews.holds["plain_text/train-00000-of-00001.parquet"] = 10

    def stop(context: JobContext, event: Event) -> None:
        if isinstance(event, Progress) and event.what == "fetching imdb":
            assert event.unit == "bytes"
            context.stop_requested = True

    assert import_source("imdb", watch=stop).finished.status == "stopped"
    assert not (import_source.workspace / "rows.arrow").exists()


def test_a_hub_that_does_not_answer_is_said_at_once(
    import_source: Any, reviews: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    error = import_source.fails("imdb")
    assert error.what.startswith("'imdb' is no file or folder here, and the Hub at http://127.0.0.1:9 can't be reached")
    assert error.hint == "Copy the dataset's files here and open their folder."
