"""An import at work: what is seen of it, and that it can be stopped at any time."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tlworkbench.data.part_file import PART_NAME, read_part
from tlworkbench.data.rows import Rows
from tlworkbench.engine.context import JobContext
from tlworkbench.jobs.events import Event, Finished, Progress, decode
from tlworkbench.jobs.folder import JobFolder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A CSV of 20 000 rows."""
    path = tmp_path / "train.csv"
    path.write_text("text,label\n" + "".join(f"text {n},{'ab'[n % 2]}\n" for n in range(20000)))
    return path


@pytest.fixture(autouse=True)
def every_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tlworkbench.engine.importing._EVERY", 0.0)


def test_progress_counts_rows(import_source: Any, source: Path) -> None:
    progress = import_source(source).progress
    done = [event.done for event in progress]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 20000)
    assert {event.what for event in progress[:-1]} == {"importing train.csv"}
    assert len(done) > 5


def test_words_on_progress_are_few(import_source: Any, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tlworkbench.engine.importing._EVERY", 3600.0)
    assert [event.done for event in import_source(source).progress] == [0, 20000]


def test_rows_are_seen_while_the_import_is_at_work(import_source: Any, source: Path) -> None:
    seen: list[Rows | None] = []

    def look(context: JobContext, event: Event) -> None:
        if isinstance(event, Progress) and 0 < event.done < 20000:
            seen.append(read_part(context.job.path / PART_NAME, limit=300))
            assert not (context.workspace / "rows.arrow").exists()

    outcome = import_source(source, watch=look)
    first, last = seen[0], seen[-1]
    assert first is not None and last is not None
    assert (len(first), len(last)) == (256, 300)
    assert last.texts(range(300)) == [f"text {n}" for n in range(300)]
    assert [last.meta.label_values[code] for code in last.source_labels[:3]] == ["a", "b", "a"]
    assert read_part(outcome.job.path / PART_NAME) is None


@pytest.mark.parametrize("at", [("importing", 0), ("importing", 2048), ("importing", 20000), ("putting", 20000)])
def test_a_stop_leaves_nothing_behind(import_source: Any, source: Path, at: tuple[str, int]) -> None:
    import_source.workspace.mkdir()
    (import_source.workspace / "rows.arrow").write_bytes(b"old")

    def stop(context: JobContext, event: Event) -> None:
        if isinstance(event, Progress) and event.what.startswith(at[0]) and event.done >= at[1]:
            context.stop_requested = True

    outcome = import_source(source, watch=stop)
    assert outcome.finished.status == "stopped"
    assert outcome.left_behind == {"rows.arrow"}
    assert (import_source.workspace / "rows.arrow").read_bytes() == b"old"


def test_a_stop_is_heard_while_rows_are_counted_for_a_split(import_source: Any, source: Path) -> None:
    job = import_source.job(source, split="train[:10]")
    context = JobContext(job)
    context.stop_requested = True
    from tlworkbench.engine import importing

    assert importing.run(context, job.spec()).status == "stopped"
    assert not (import_source.workspace / "rows.arrow").exists()


def test_what_a_killed_import_left_is_swept_by_the_next(import_source: Any, source: Path) -> None:
    killed = import_source.job(source)
    killed.state_file.unlink()
    (killed.path / PART_NAME).write_bytes(b"half")
    assert import_source(source).left_behind == {"rows.arrow"}


def test_new_rows_replace_the_old_ones_at_once(import_source: Any, source: Path, tmp_path: Path) -> None:
    before = import_source(source).rows
    (tmp_path / "b.csv").write_text("text,label\nnew,x\n")
    assert len(import_source(tmp_path / "b.csv").rows) == 1
    assert before.text(19999) == "text 19999"


def test_the_child_process_imports(import_source: Any, source: Path) -> None:
    job = import_source.job(source)
    child = _child(job)
    assert child.wait(60) == 0, job.log_file.read_text()
    assert job.state().status == "done"
    assert len(Rows.open(job.workspace / "rows.arrow")) == 20000
    finished = _last(job)
    assert isinstance(finished, Finished) and finished.result["labels"] == {"a": 10000, "b": 10000}
    assert not job.log_file.read_text().strip()


def test_the_child_process_hears_sigterm(import_source: Any, tmp_path: Path) -> None:
    source = tmp_path / "large.csv"
    with source.open("w") as file:
        file.write("text,label\n")
        file.writelines(f"text {n},{'ab'[n % 2]}\n" for n in range(300_000))
    job = import_source.job(source)
    child = _child(job)
    deadline = time.monotonic() + 60
    while b'"what":"importing' not in job.events_file.read_bytes() if job.events_file.exists() else True:
        assert child.poll() is None and time.monotonic() < deadline, job.log_file.read_text()
        time.sleep(0.02)
    child.send_signal(signal.SIGTERM)
    assert child.wait(60) == 0
    assert job.state().status == "stopped"
    assert not (job.path / PART_NAME).exists()
    assert not (job.workspace / "rows.arrow").exists()


def _child(job: JobFolder) -> subprocess.Popen[bytes]:
    with job.log_file.open("wb") as log:
        command = [sys.executable, "-m", "tlworkbench.engine", str(job.path)]
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)


def _last(job: JobFolder) -> Event | None:
    return decode(job.events_file.read_bytes().splitlines()[-1])
