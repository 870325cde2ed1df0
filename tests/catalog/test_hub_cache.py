"""Reading the Hugging Face cache, whole, half-fetched and broken."""

from pathlib import Path

import pytest

from tests.catalog.conftest import Cached
from tests.tiny_model import model_files, write
from tlworkbench import paths
from tlworkbench.catalog.hub_cache import CachedModel, HubId, cached_models, cached_snapshot, hub_id, parse_hub_id
from tlworkbench.errors import UserError


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("bert-base-uncased", HubId("bert-base-uncased")),
        ("user/a.b_c-1", HubId("user/a.b_c-1")),
        ("user/name@v1.0", HubId("user/name", "v1.0")),
        ("user/name@refs/pr/3", HubId("user/name", "refs/pr/3")),
        ("user/name@main", HubId("user/name")),
    ],
)
def test_a_hub_id_is_read(text: str, id: HubId) -> None:
    assert parse_hub_id(text) == id
    assert str(id) == text.removesuffix("@main")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "a/b/c",
        "../x",
        "a/..",
        "a..b/c",
        "a--b",
        "-a/b",
        "a/b.",
        "a b",
        "a/\x1b",
        "é/x",
        "a/b@../x",
        "a/b@/x",
        "x" * 97,
    ],
)
def test_what_is_no_hub_id_is_refused(text: str) -> None:
    assert parse_hub_id(text) is None
    with pytest.raises(UserError) as caught:
        hub_id(text)
    assert caught.value.what.endswith("is not a Hub id")
    assert caught.value.hint == "One looks like distilbert/distilbert-base-uncased."


def test_without_a_cache_there_is_nothing(tmp_path: Path) -> None:
    assert cached_models(tmp_path / "none") == []
    assert cached_snapshot(tmp_path / "none", HubId("user/name")) is None


def test_each_named_revision_is_a_model(cached: Cached) -> None:
    main, tag = cached("user/name"), cached("user/name", ref="v1")
    pull = cached("user/name", ref="refs/pr/3")
    single = cached("bert")
    assert cached_models(paths.hub_cache_dir()) == [
        CachedModel(HubId("bert"), single),
        CachedModel(HubId("user/name"), main),
        CachedModel(HubId("user/name", "refs/pr/3"), pull),
        CachedModel(HubId("user/name", "v1"), tag),
    ]


def test_two_names_of_one_snapshot_are_one_model(cached: Cached) -> None:
    snapshot = cached("user/name")
    (snapshot.parent.parent / "refs" / "a-tag").write_text(snapshot.name)
    assert cached_models(paths.hub_cache_dir()) == [CachedModel(HubId("user/name"), snapshot)]


def test_a_nameless_snapshot_is_known_by_its_commit(cached: Cached) -> None:
    snapshot = cached("user/name", ref="")
    assert cached_models(paths.hub_cache_dir()) == [CachedModel(HubId("user/name", snapshot.name), snapshot)]
    assert cached_snapshot(paths.hub_cache_dir(), HubId("user/name", snapshot.name)) == snapshot
    assert cached_snapshot(paths.hub_cache_dir(), HubId("user/name")) is None


@pytest.mark.parametrize("ref", [b"", b"f" * 40, b"../../../secret", b"\xff\x00", b"f" * 1_000_000])
def test_a_broken_reference_leaves_nothing_usable(cached: Cached, ref: bytes) -> None:
    snapshot = cached("user/name")
    write(paths.hub_cache_dir().parent / "secret", model_files())
    (snapshot.parent.parent / "refs" / "main").write_bytes(ref)
    # The snapshot itself is whole: its commit names it.
    assert cached_models(paths.hub_cache_dir()) == [CachedModel(HubId("user/name", snapshot.name), snapshot)]
    assert cached_snapshot(paths.hub_cache_dir(), HubId("user/name")) is None


def test_what_is_no_model_is_passed_over(cached: Cached) -> None:
    cached("user/name")
    cache = paths.hub_cache_dir()
    for name in ("datasets--user--data", "models--", "models--a--b--c--d", "models--..", ".locks"):
        (cache / name / "snapshots").mkdir(parents=True)
    (cache / "models--a-file").touch()
    (cache / "version.txt").touch()
    assert [str(model.id) for model in cached_models(cache)] == ["user/name"]


def test_a_fetch_that_never_ended_has_no_folder(cached: Cached) -> None:
    (paths.hub_cache_dir() / "models--user--half" / "blobs").mkdir(parents=True)
    assert cached_models(paths.hub_cache_dir()) == [CachedModel(HubId("user/half"), None)]
