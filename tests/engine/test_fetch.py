"""Fetching from a Hub: what comes, what goes on after a break, what is said when it can't."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.fake_hub import RIGHT_TOKEN, FakeHub, blob_of, commit_of
from tests.tiny_model import Files, model_files, weights
from tlworkbench import paths
from tlworkbench.catalog.resolve import resolve_model
from tlworkbench.engine import blob_download
from tlworkbench.engine.blob_download import partial_path
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.fetch import run
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Finished, Note, Progress, decode
from tlworkbench.jobs.folder import JobFolder, create_job
from tlworkbench.jobs.follow import read_run
from tlworkbench.jobs.run_state import RunState
from tlworkbench.jobs.spec import FetchSpec

WEIGHTS = "model.safetensors"
Fetch = Callable[..., Finished]


@pytest.fixture
def tiny(fake_hub: FakeHub) -> Files:
    """A model on the Hub, with files nobody wants beside it."""
    files = {
        **model_files(params=200_000),
        "vocab.txt": b"a\nb\n",
        "README.md": b"# a card\n",
        "spiece.model": b"not empty",
    }
    unwanted = ("pytorch_model.bin", "tf_model.h5", "flax_model.msgpack", "onnx/model.onnx", "tokenization.py", "x.pkl")
    fake_hub.models["user/tiny"] = {**files, **dict.fromkeys(unwanted, b"unwanted")}
    return files


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blob_download, "_PAUSE", 0.0)


@pytest.fixture
def jobs_dir(tmp_path: Path) -> Path:
    return tmp_path / "workspace" / "jobs"


@pytest.fixture
def fetch(jobs_dir: Path) -> Fetch:
    """Fetch in this process."""

    def fetch(model: str, revision: str = "main") -> Finished:
        spec = FetchSpec(model=model, revision=revision)
        return run(JobContext(create_job(jobs_dir, spec)), spec)

    return fetch


@pytest.fixture
def refused(fetch: Fetch) -> Callable[..., tuple[str, str]]:
    """Fetch and return what was said against it."""

    def refused(model: str, revision: str = "main") -> tuple[str, str]:
        with pytest.raises(UserError) as caught:
            fetch(model, revision)
        return caught.value.what, caught.value.hint

    return refused


def events(jobs_dir: Path, kind: type[Any]) -> list[Any]:
    lines = (line for file in sorted(jobs_dir.glob("*/events.jsonl")) for line in file.read_bytes().splitlines())
    return [event for line in lines if isinstance(event := decode(line), kind)]


def blobs(id: str = "user/tiny") -> Path:
    return paths.hub_cache_dir() / ("models--" + id.replace("/", "--")) / "blobs"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_model_arrives_and_can_be_chosen(fetch: Fetch, tiny: Files, fake_hub: FakeHub, jobs_dir: Path) -> None:
    finished = fetch("user/tiny")
    snapshot = Path(finished.result["path"])
    assert (finished.status, finished.what) == ("done", "user/tiny is on this machine")
    assert {path.name: path.read_bytes() for path in snapshot.iterdir()} == tiny
    assert finished.result == {
        "model": "user/tiny",
        "revision": commit_of(fake_hub.models["user/tiny"]),
        "path": str(snapshot),
        "bytes": sum(map(len, tiny.values())),
        "seconds": finished.result["seconds"],
    }
    assert resolve_model("user/tiny", jobs_dir) == snapshot
    assert not list(blobs().glob("*.incomplete"))
    assert events(jobs_dir, Note) == []


def test_the_libraries_find_it_with_no_hub_in_reach(fetch: Fetch, tiny: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import snapshot_download, try_to_load_from_cache

    snapshot = fetch("user/tiny").result["path"]
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    cache = paths.hub_cache_dir()
    assert try_to_load_from_cache("user/tiny", WEIGHTS, cache_dir=cache) == f"{snapshot}/{WEIGHTS}"
    assert snapshot_download("user/tiny", cache_dir=cache, allow_patterns=list(tiny)) == snapshot


def test_transformers_loads_what_was_fetched(fetch: Fetch, fake_hub: FakeHub, tiny_bert: Path) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    fake_hub.models["user/bert"] = {path.name: path.read_bytes() for path in tiny_bert.iterdir()}
    folder = fetch("user/bert").result["path"]
    assert AutoTokenizer.from_pretrained(folder)("good app")["input_ids"]
    assert AutoModelForSequenceClassification.from_pretrained(folder, num_labels=3).config.num_labels == 3


def test_only_one_set_of_weights_comes(fetch: Fetch, fake_hub: FakeHub) -> None:
    single = {WEIGHTS: weights(10), "model.fp16.safetensors": weights(20), "consolidated.safetensors": weights(30)}
    fake_hub.models["user/single"] = {**model_files(), **single}
    shards = {f"model-0000{number}-of-00002.safetensors": weights(number) for number in (1, 2)}
    index = json.dumps({"weight_map": {name: name for name in shards}}).encode()
    sharded = {
        **model_files(),
        **shards,
        "model.safetensors.index.json": index,
        "consolidated.safetensors": weights(30),
    }
    del sharded[WEIGHTS]
    fake_hub.models["user/sharded"] = sharded
    assert names(Path(fetch("user/single").result["path"])) == ["config.json", WEIGHTS, "tokenizer.json"]
    assert names(Path(fetch("user/sharded").result["path"])) == [
        "config.json", *shards, "model.safetensors.index.json", "tokenizer.json",
    ]  # fmt: skip


def test_revisions_stand_side_by_side(fetch: Fetch, tiny: Files, fake_hub: FakeHub, jobs_dir: Path) -> None:
    older = model_files(params=7)
    fake_hub.revisions["user/tiny"] = {"v1": older, "refs/pr/2": model_files(params=8)}
    main, tagged, pull = (fetch("user/tiny", revision) for revision in ("main", "v1", "refs/pr/2"))
    assert (tagged.result["model"], tagged.result["revision"]) == ("user/tiny@v1", commit_of(older))
    assert tagged.result["path"] == fetch("user/tiny@v1").result["path"]
    for finished in (main, tagged, pull):
        assert str(resolve_model(finished.result["model"], jobs_dir)) == finished.result["path"]
    by_commit = fetch("user/tiny", commit_of(older)).result
    assert (by_commit["model"], by_commit["path"]) == (f"user/tiny@{commit_of(older)}", tagged.result["path"])


def test_a_model_is_found_under_its_old_name(fetch: Fetch, tiny: Files, fake_hub: FakeHub, jobs_dir: Path) -> None:
    fake_hub.renamed["tiny-base"] = "user/tiny"
    finished = fetch("tiny-base")
    assert finished.result["model"] == "tiny-base"
    assert str(resolve_model("tiny-base", jobs_dir)) == finished.result["path"]


def test_a_second_fetch_brings_nothing_again(fetch: Fetch, tiny: Files, fake_hub: FakeHub) -> None:
    first = fetch("user/tiny")
    fake_hub.asked.clear()
    assert fetch("user/tiny").result["path"] == first.result["path"]
    assert fake_hub.downloads(WEIGHTS) == []


def test_progress_counts_all_bytes_at_most_five_times_a_second(
    fetch: Fetch, tiny: Files, jobs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive = blob_download._receive

    def watched(*arguments: Any) -> None:
        # After each file, wait until it was told of.
        receive(*arguments)
        told, deadline = len(events(jobs_dir, Progress)), time.monotonic() + 10
        while len(events(jobs_dir, Progress)) == told and time.monotonic() < deadline:
            time.sleep(0.01)

    monkeypatch.setattr(blob_download, "_receive", watched)
    total = fetch("user/tiny").result["bytes"]
    heard = events(jobs_dir, Progress)
    assert {(event.what, event.total, event.unit) for event in heard} == {("fetching user/tiny", total, "bytes")}
    done = [event.done for event in heard]
    assert done == sorted(set(done))
    assert len(done) == len(tiny)
    assert done[-1] == total
    assert all(later.at - sooner.at >= 0.19 for sooner, later in pairwise(heard))


def test_the_token_goes_to_the_hub_and_not_to_its_storage(
    fetch: Fetch, tiny: Files, fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_hub.gated.add("user/tiny")
    monkeypatch.setenv("HF_TOKEN", RIGHT_TOKEN)
    fetch("user/tiny")
    tokens = {asked.path.startswith("/cdn/"): asked.token for asked in fake_hub.asked}
    assert tokens == {False: RIGHT_TOKEN, True: ""}


def test_a_broken_line_is_taken_up_where_it_broke(fetch: Fetch, tiny: Files, fake_hub: FakeHub) -> None:
    fake_hub.cuts[WEIGHTS] = [300_000, 200_000]
    assert (Path(fetch("user/tiny").result["path"]) / WEIGHTS).read_bytes() == tiny[WEIGHTS]
    stored = [asked.range for asked in fake_hub.asked if asked.path.startswith("/cdn/")]
    assert stored == ["", "bytes=300000-", "bytes=500000-"]


def test_without_ranges_it_begins_again(fetch: Fetch, tiny: Files, fake_hub: FakeHub) -> None:
    fake_hub.cuts[WEIGHTS] = [300_000]
    fake_hub.no_ranges = True
    assert (Path(fetch("user/tiny").result["path"]) / WEIGHTS).read_bytes() == tiny[WEIGHTS]


def test_a_line_that_stays_broken_is_reported(
    refused: Callable[..., tuple[str, str]],
    fetch: Fetch,
    tiny: Files,
    fake_hub: FakeHub,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake_hub.cuts[WEIGHTS] = [300_000, *[0] * 10]
    what, hint = refused("user/tiny")
    assert what.startswith(f"the Hub at {fake_hub.url} can't be reached (")
    assert hint.startswith("Check the network.")
    fake_hub.cuts.clear()
    fake_hub.asked.clear()
    fetch("user/tiny")
    assert [asked.range for asked in fake_hub.asked if asked.path.startswith("/cdn/")] == ["bytes=300000-"]


def test_what_arrives_damaged_is_thrown_away(
    refused: Callable[..., tuple[str, str]], fetch: Fetch, tiny: Files, fake_hub: FakeHub
) -> None:
    for name in ("config.json", WEIGHTS):
        fake_hub.damaged = {name}
        assert refused("user/tiny") == (f"{name} arrived damaged (its checksum is wrong)", "Fetch it again.")
        assert not list(blobs().glob("*.incomplete"))
    fake_hub.damaged.clear()
    assert fetch("user/tiny").status == "done"


def test_a_partial_file_that_is_too_long_begins_again(fetch: Fetch, tiny: Files, fake_hub: FakeHub) -> None:
    partial = partial_path(blobs() / blob_of(tiny["vocab.txt"]))
    partial.parent.mkdir(parents=True)
    partial.write_bytes(b"far more than there is in the vocabulary")
    assert (Path(fetch("user/tiny").result["path"]) / "vocab.txt").read_bytes() == tiny["vocab.txt"]


def test_two_fetches_of_one_file_don_t_mix(
    refused: Callable[..., tuple[str, str]], tiny: Files, fake_hub: FakeHub
) -> None:
    import fcntl

    partial = partial_path(blobs() / blob_of(tiny["vocab.txt"]))
    partial.parent.mkdir(parents=True)
    with partial.open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert refused("user/tiny") == ("another program is fetching vocab.txt right now", "Wait until it is done.")


def test_a_mirror_without_checksums_is_left_to_the_library(fetch: Fetch, tiny: Files, fake_hub: FakeHub) -> None:
    commit = commit_of(fake_hub.models["user/tiny"])
    bare = {"id": "user/tiny", "sha": commit, "siblings": [{"rfilename": name} for name in tiny]}
    fake_hub.answers["/api/models/user/tiny/revision/main"] = (200, json.dumps(bare).encode())
    snapshot = Path(fetch("user/tiny").result["path"])
    assert {path.name: path.read_bytes() for path in snapshot.iterdir()} == tiny


def test_a_full_disk_is_seen_before(
    refused: Callable[..., tuple[str, str]], tiny: Files, fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 64_000_500, 64_000_500))
    assert refused("user/tiny") == (
        f"user/tiny needs 800 kB, the disk of {paths.hub_cache_dir()} has 64 MB left",
        "Free some space, or set HF_HOME to a folder on a larger disk.",
    )
    assert fake_hub.downloads("config.json") == []


def test_a_disk_that_fills_up_is_told(
    refused: Callable[..., tuple[str, str]], tiny: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device", "some/file")

    monkeypatch.setattr(blob_download, "_receive", full)
    assert refused("user/tiny") == (
        "the disk is full: some/file could not be written",
        "Free some space and fetch again: it goes on where it stopped. HF_HOME moves the cache elsewhere.",
    )


def test_a_cache_of_someone_else_is_told(
    refused: Callable[..., tuple[str, str]], tiny: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*arguments: Any) -> None:
        raise PermissionError(13, "Permission denied", "/cache/blobs/x")

    monkeypatch.setattr(blob_download, "_receive", denied)
    assert refused("user/tiny") == (
        "/cache/blobs/x can't be written: Permission denied",
        "Mend the folder's rights, or set HF_HOME to a folder of yours.",
    )


def test_gated(
    refused: Callable[..., tuple[str, str]], tiny: Files, fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_hub.gated.add("user/tiny")
    assert refused("user/tiny") == (
        "user/tiny is gated: its owner decides who may have it",
        f"Ask for access on {fake_hub.url}/user/tiny, then set HF_TOKEN to your token "
        "(or run: hf auth login) and fetch again.",
    )
    monkeypatch.setenv("HF_TOKEN", "hf_of_someone_else")
    assert refused("user/tiny") == (
        "user/tiny is gated and your token has no access to it",
        f"Ask for access on {fake_hub.url}/user/tiny.",
    )


def test_what_is_not_there(refused: Callable[..., tuple[str, str]], tiny: Files) -> None:
    assert refused("user/none")[0] == "there is no model 'user/none' on the Hub, or it is private"
    assert refused("user/tiny", "v9")[0] == "user/tiny has no such revision"
    assert refused("https://huggingface.co/user/tiny") == (
        "'https://huggingface.co/user/tiny' is not a Hub id",
        "One looks like distilbert/distilbert-base-uncased.",
    )


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (model_files("whisper"), "transformers has no classification head for 'whisper' models"),
        (model_files("vit"), "vit is an image model; this version trains on text"),
        (
            {"config.json": b'{"model_type": "bert"}', "pytorch_model.bin": b"x"},
            "it has no safetensors weights, only a pickle",
        ),
        ({"model.gguf": b"x"}, "it has no config.json, so it is no transformers model"),
    ],
)
def test_what_can_t_be_trained_is_not_brought(
    refused: Callable[..., tuple[str, str]], fake_hub: FakeHub, files: Files, reason: str
) -> None:
    fake_hub.models["user/odd"] = files
    what, hint = refused("user/odd")
    assert what.startswith(f"user/odd can't be trained here: {reason}")
    if "pickle" in reason:
        assert hint == (
            "Often a pull request on its page brings them as safetensors: tlworkbench models --fetch "
            "user/odd@refs/pr/NUMBER. Or convert it where you trust it."
        )
    else:
        assert hint == "Take another one: tlworkbench models QUERY --hub marks what can be used."
    assert not paths.hub_cache_dir().exists()


def test_a_model_that_turns_out_unfit_is_remarked(fetch: Fetch, fake_hub: FakeHub, jobs_dir: Path) -> None:
    files = model_files()
    del files["tokenizer.json"]
    fake_hub.models["user/odd"] = files
    assert fetch("user/odd").status == "done"
    assert [(note.text, note.level) for note in events(jobs_dir, Note)] == [
        (
            "user/odd can't be trained here: there is no tokenizer beside its weights "
            "(tokenizer.json or a vocabulary); get the whole folder",
            "warning",
        )
    ]


def test_names_from_the_hub_never_leave_the_cache(fetch: Fetch, fake_hub: FakeHub, tmp_path: Path) -> None:
    fake_hub.models["user/evil"] = {**model_files(), "../../../../escaped.model": b"x", "a/config.json": b"x"}
    assert names(Path(fetch("user/evil").result["path"])) == ["config.json", WEIGHTS, "tokenizer.json"]
    assert not list(tmp_path.rglob("escaped*"))


def start(job: JobFolder) -> subprocess.Popen[bytes]:
    with job.log_file.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tlworkbench.engine", str(job.path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def wait_for(job: JobFolder, ready: Callable[[RunState], bool]) -> RunState:
    deadline = time.monotonic() + 60
    while not ready(state := read_run(job)):
        assert time.monotonic() < deadline, job.log_file.read_text()
        time.sleep(0.02)
    return state


def test_a_stop_is_heard_while_nothing_comes_and_the_next_fetch_goes_on(
    fake_hub: FakeHub, tiny: Files, fetch: Fetch, jobs_dir: Path
) -> None:
    fake_hub.holds[WEIGHTS] = 500_000
    job = create_job(jobs_dir, FetchSpec(model="user/tiny"))
    child = start(job)
    partial = blobs() / "none"

    def half_there(state: RunState) -> bool:
        nonlocal partial
        partial = next(blobs().glob("*.incomplete"), partial)
        return partial.exists() and partial.stat().st_size >= 500_000

    wait_for(job, half_there)
    began = time.monotonic()
    os.kill(child.pid, signal.SIGTERM)
    assert child.wait(10) == 0
    assert time.monotonic() - began < 3
    (last,) = events(jobs_dir, Finished)
    assert (last.status, last.what) == ("stopped", "stopped at 500 kB of 800 kB")
    assert last.hint == "tlworkbench models --fetch user/tiny goes on from there."
    # Nothing but that partial file and finished ones is left, and no half-linked snapshot to choose.
    assert [path.name for path in blobs().glob("*.*")] == [partial.name]
    assert not (blobs().parent / "snapshots").exists()
    fake_hub.holds.clear()
    fake_hub.asked.clear()
    fetch("user/tiny")
    assert [asked.range for asked in fake_hub.asked if asked.path.startswith("/cdn/")] == ["bytes=500000-"]
