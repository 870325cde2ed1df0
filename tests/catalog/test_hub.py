"""Search and figures of models on a Hub that behaves, misbehaves or isn't there."""

import json
import socket
import time
from typing import Any

import pytest

from tests.fake_hub import RIGHT_TOKEN, FakeHub
from tests.tiny_model import model_files
from tlworkbench.catalog.hub import hub_model, search_hub
from tlworkbench.catalog.model_info import ModelInfo
from tlworkbench.errors import UserError

MIRROR = "HF_ENDPOINT names a mirror; or copy the model's folder to this machine and give its path."


def refused(query: str = "", id: str = "") -> tuple[str, str]:
    with pytest.raises(UserError) as caught:
        hub_model(id) if id else search_hub(query)
    return caught.value.what, caught.value.hint


def hits(hub: FakeHub, *documents: Any) -> list[ModelInfo]:
    hub.answers["/api/models"] = (200, json.dumps(documents).encode())
    return search_hub("")


def test_search_marks_what_can_be_used(fake_hub: FakeHub) -> None:
    pickled = model_files()
    pickled["pytorch_model.bin"] = pickled.pop("model.safetensors")
    fake_hub.models = {
        "user/pickled-tiny": pickled,
        "user/tiny-whisper": model_files("whisper"),
        "user/Tiny": model_files(),
        "other/model": model_files(),
        "user/tiny-adapter": {"adapter_config.json": b"{}"},
    }
    fake_hub.gated.add("user/Tiny")
    found = search_hub("tiny")
    assert [(info.id, info.usable, info.why) for info in found] == [
        ("user/Tiny", True, ""),
        ("user/pickled-tiny", False, "it has no safetensors weights"),
        ("user/tiny-whisper", False, "transformers has no classification head for 'whisper' models"),
        ("user/tiny-adapter", False, "it has no transformers configuration"),
    ]
    assert (found[0].where, found[0].task, found[0].architecture) == ("hub", "text", "bert")
    assert found[0].note == "3 downloads, gated: needs access and a token"


def test_search_asks_for_no_more_than_it_shows(fake_hub: FakeHub) -> None:
    fake_hub.models = {f"user/tiny-{number}": model_files() for number in range(9)}
    assert [info.id for info in search_hub("tiny", limit=2)] == ["user/tiny-0", "user/tiny-1"]
    assert search_hub("nothing of that name") == []
    hits = [{"id": f"a/{number}", "config": {"model_type": "bert"}} for number in range(40)]
    fake_hub.answers["/api/models"] = (200, json.dumps(hits).encode())
    assert len(search_hub("")) == 30


def test_figures_come_with_a_hit(fake_hub: FakeHub) -> None:
    hit = {"id": "a/b", "config": {"model_type": "bert"}, "safetensors": {"total": 110}, "downloads": 5, "gated": False}
    assert hits(fake_hub, hit) == [
        ModelInfo(id="a/b", where="hub", task="text", architecture="bert", params=110, note="5 downloads")
    ]


@pytest.mark.parametrize(
    "hit",
    [
        {},
        {"id": 3},
        {"id": "../../etc"},
        {"id": "\x1b[31mred/one"},
        {"id": "a/b", "config": [1]},
        {"id": "a/b", "downloads": "many"},
        {"id": "a/b", "safetensors": {"total": -1}},
    ],
)
def test_hits_that_make_no_sense_are_left_out(fake_hub: FakeHub, hit: dict[str, Any]) -> None:
    good = {"id": "good/one", "config": {"model_type": "bert"}, "tags": ["safetensors"]}
    assert [info.id for info in hits(fake_hub, hit, good)] == ["good/one"]


def test_text_of_a_hit_is_safe_to_show(fake_hub: FakeHub) -> None:
    (info,) = hits(fake_hub, {"id": "a/b", "config": {"model_type": "\x1b]0;title\x07x" * 99}, "tags": ["safetensors"]})
    assert info.architecture.isprintable()
    assert info.why.isprintable()
    assert len(info.architecture) == 60


def test_the_token_of_the_user_is_sent(fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    search_hub("x")
    monkeypatch.setenv("HF_TOKEN", RIGHT_TOKEN)
    search_hub("x")
    assert [asked.token for asked in fake_hub.asked] == ["", RIGHT_TOKEN]


def test_one_model_with_the_bytes_a_fetch_would_bring(fake_hub: FakeHub) -> None:
    files = model_files()
    needed = sum(map(len, files.values()))
    fake_hub.models["user/tiny"] = {
        **files,
        "pytorch_model.bin": b"x" * 99,
        "onnx/model.onnx": b"x" * 99,
        "run.py": b"x",
    }
    fake_hub.revisions["user/tiny"] = {"v1": {**model_files("vit"), "README.md": b"card"}}
    assert hub_model("user/tiny") == ModelInfo(
        id="user/tiny", where="hub", task="text", architecture="bert", bytes=needed
    )
    older = hub_model("user/tiny@v1")
    assert (older.id, older.usable, older.why) == (
        "user/tiny@v1", False, "vit is an image model; this version trains on text",
    )  # fmt: skip


def test_repositories_without_usable_weights(fake_hub: FakeHub) -> None:
    fake_hub.models = {"a/gguf": {"x.gguf": b""}, "a/bin": {"config.json": b"{}", "pytorch_model.bin": b""}}
    fake_hub.models["a/config"] = {"config.json": b"{}"}
    assert hub_model("a/gguf").why == "it has no config.json, so it is no transformers model"
    assert hub_model("a/bin").why == "it has no safetensors weights, only a pickle (pytorch_model.bin)"
    assert hub_model("a/config").why == "it has no safetensors weights"


def test_unknown_and_private_look_the_same(fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = (
        "there is no model 'user/none' on the Hub, or it is private",
        "Check how it is spelled; a private one needs HF_TOKEN set to a token that may read it.",
    )
    assert refused(id="user/none") == answer
    monkeypatch.setenv("HF_TOKEN", RIGHT_TOKEN)
    assert refused(id="user/none") == answer


def test_an_unknown_revision(fake_hub: FakeHub) -> None:
    fake_hub.models["user/tiny"] = model_files()
    assert refused(id="user/tiny@v9") == (
        "user/tiny has no such revision",
        "Take main, or a branch, tag or commit from its page.",
    )


def test_what_is_no_id_is_not_asked_for(fake_hub: FakeHub) -> None:
    assert refused(id="a b")[0] == "'a b' is not a Hub id"
    assert fake_hub.asked == []


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (429, ("the Hub asks for patience: too many requests (429)", "Wait a few minutes, or set HF_TOKEN.")),
        (503, ("the Hub at {url} answered with an error (503)", "Try again later.")),
        (404, ("what answers at {url} is no Hub", "Correct HF_ENDPOINT, or unset it.")),
        (200, ("what answers at {url} is no Hub", "Correct HF_ENDPOINT, or unset it.")),
        (
            403,
            ("the Hub refuses access (403)", "Set HF_TOKEN to a token that may read it (or run: hf auth login)."),
        ),
    ],
)
def test_answers_that_are_none(fake_hub: FakeHub, status: int, answer: tuple[str, str]) -> None:
    fake_hub.answers["/api/models"] = (status, b"<html>")
    assert refused("x") == (answer[0].format(url=fake_hub.url), answer[1])


def test_a_repository_that_is_none(fake_hub: FakeHub) -> None:
    for body in (b"<html>", b"[]", b"{}", b'{"id": "a/b", "siblings": [{}]}', b'{"sha": "../..", "siblings": []}'):
        fake_hub.answers["/api/models/a/b/revision/main"] = (200, body)
        assert refused(id="a/b") == (f"what answers at {fake_hub.url} is no Hub", "Correct HF_ENDPOINT, or unset it.")


def test_a_token_that_is_refused(fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_old")
    fake_hub.answers["/api/models"] = (401, b"")
    assert refused("x") == ("the Hub refuses your token (401)", "Renew HF_TOKEN, or unset it: public models need none.")


def test_a_hub_that_is_not_there(fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", url)
    for what, hint in (refused("x"), refused(id="a/b")):
        assert what == f"the Hub at {url} can't be reached (Connection refused)"
        assert hint == f"Check the network. {MIRROR}"


def test_a_hub_that_says_nothing(fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tlworkbench.catalog.hub_api.TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", url)
        began = time.monotonic()
        assert refused("x")[0] == f"the Hub at {url} can't be reached (timed out)"
        assert time.monotonic() - began < 3
        assert refused(id="a/b")[0] == f"the Hub at {url} can't be reached (timed out)"


def test_an_endpoint_that_is_none(fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "mirror.example")
    assert refused("x") == (
        "HF_ENDPOINT is no address: mirror.example",
        "Write it with its scheme, as in https://huggingface.co.",
    )


def test_offline_is_a_choice(fake_hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    answer = ("the Hub is switched off: HF_HUB_OFFLINE is set", "Unset HF_HUB_OFFLINE to reach it.")
    assert refused("x") == refused(id="a/b") == answer
    assert fake_hub.asked == []
