"""What is read from a model's folder, and what is said of folders that are none."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.tiny_model import model_files, write
from tlworkbench.catalog.model_info import ModelInfo, read_model_info

HEAD = {"architectures": ["BertForSequenceClassification"]}


def info(folder: Path, **config: Any) -> ModelInfo:
    return read_model_info(write(folder, model_files(**config)))


def test_a_pretrained_encoder(tmp_path: Path) -> None:
    found = info(tmp_path, max_position_embeddings=512, architectures=["BertModel"], id2label={"0": "yes", "1": "no"})
    assert found == ModelInfo(
        id=str(tmp_path),
        where="folder",
        path=str(tmp_path),
        task="text",
        architecture="bert",
        params=1000,
        bytes=(tmp_path / "model.safetensors").stat().st_size,
        positions=512,
    )


@pytest.mark.parametrize(
    ("config", "labels"),
    [
        ({**HEAD, "id2label": {"1": "good", "0": "bad"}}, ("bad", "good")),
        ({**HEAD, "id2label": {"0": "LABEL_0", "1": "LABEL_1"}}, ()),
        ({**HEAD, "id2label": {"0": "bad", "5": "good"}}, ()),
        ({**HEAD, "id2label": ["bad", "good"]}, ()),
        ({**HEAD, "id2label": {"0": 1, "1": 2}}, ("1", "2")),
        ({**HEAD, "id2label": {"0": "a\x1b[31m\n", "1": "b\u202e"}}, ("a [31m", "b")),
        ({"architectures": None, "id2label": {"0": "bad"}}, ()),
        ({"architectures": [3], "id2label": {"0": "bad"}}, ()),
    ],
)
def test_labels_are_those_of_a_trained_head(tmp_path: Path, config: dict[str, Any], labels: tuple[str, ...]) -> None:
    found = info(tmp_path, **config)
    assert (found.labels, found.usable) == (labels, True)


@pytest.mark.parametrize("positions", [-1, 0, "512", None, [512], 10**30])
def test_odd_lengths_are_unknown_lengths(tmp_path: Path, positions: object) -> None:
    assert info(tmp_path, max_position_embeddings=positions).positions == 0


def test_numbers_that_only_python_writes_are_read(tmp_path: Path) -> None:
    files = model_files()
    files["config.json"] = b'{"model_type": "bert", "mask_value": -Infinity, "x": NaN}'
    assert read_model_info(write(tmp_path, files)).usable


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "there is no config.json in it, so it is no transformers model"),
        (b"{", "config.json is damaged (Expecting property name enclosed in double quotes"),
        (b"\xff\xfe\x00", "config.json is damaged ("),
        (b"[" * 100_000, "config.json is damaged (maximum recursion depth exceeded"),
        (b"[]", "config.json is damaged (no object in it); get it again"),
        (b"{}", "config.json names no model_type, so it is no transformers model"),
        (b'{"model_type": ["bert"]}', "config.json names no model_type, so it is no transformers model"),
        (b" " * 17_000_000, "config.json is 17 MB large, which no real one is"),
        (b'{"model_type": "whisper"}', "transformers has no classification head for 'whisper' models"),
        (b'{"model_type": "vit"}', "vit is an image model; this version trains on text"),
        (
            b'{"model_type": "evil", "auto_map": {"AutoModel": "evil.py"}}',
            "it needs Python code from its own repository, which this program doesn't run",
        ),
    ],
)
def test_what_is_no_text_model_says_why(tmp_path: Path, content: bytes | None, reason: str) -> None:
    files = model_files()
    files.pop("config.json")
    found = read_model_info(write(tmp_path, files if content is None else {**files, "config.json": content}))
    assert not found.usable
    assert reason in found.why


def test_a_model_type_from_a_stranger_is_safe_to_show(tmp_path: Path) -> None:
    found = info(tmp_path, model_type="\x1b]0;title\x07" + "x" * 10_000)
    assert found.architecture.isprintable()
    assert len(found.architecture) == 60
    assert found.why.isprintable()


def test_a_text_model_needs_a_tokenizer(tmp_path: Path) -> None:
    write(tmp_path, model_files())
    (tmp_path / "tokenizer.json").unlink()
    assert read_model_info(tmp_path).why == (
        "there is no tokenizer beside its weights (tokenizer.json or a vocabulary); get the whole folder"
    )
    (tmp_path / "vocab.txt").touch()
    assert read_model_info(tmp_path).usable
    write(tmp_path, {"config.json": json.dumps({"model_type": "canine"}).encode()})
    (tmp_path / "vocab.txt").unlink()
    assert read_model_info(tmp_path).usable


def test_missing_weights_and_an_unfit_type_tell_the_graver_one(tmp_path: Path) -> None:
    write(tmp_path, {"config.json": b'{"model_type": "vit"}'})
    assert read_model_info(tmp_path).why == "vit is an image model; this version trains on text"
    write(tmp_path, {"config.json": b'{"model_type": "bert"}'})
    assert read_model_info(tmp_path).why == (
        "its weights are not here (no model.safetensors); fetch it, or copy the whole folder"
    )


def test_a_folder_that_is_gone_or_odd_never_raises(tmp_path: Path) -> None:
    assert read_model_info(tmp_path / "gone").why == "there is no config.json in it, so it is no transformers model"
    os.mkfifo(tmp_path / "config.json")
    assert read_model_info(tmp_path).why == "there is no config.json in it, so it is no transformers model"


def test_what_can_t_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    write(tmp_path, model_files())
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert read_model_info(tmp_path).why == "it can't be read: Permission denied"
