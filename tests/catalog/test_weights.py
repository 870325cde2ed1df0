"""Headers of weight files, whole, cut off, damaged and malicious."""

import json
import os
import struct
from pathlib import Path
from typing import Any

import pytest

from tests.tiny_model import weights, write
from tlworkbench.catalog.weights import INDEX, UnusableWeights, Weights, read_weights


def safetensors(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    """A file with any header, its announced length right unless given."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(dtype: Any = "F32", shape: Any = (2,), offsets: Any = (0, 8)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def why(folder: Path) -> str:
    with pytest.raises(UnusableWeights) as caught:
        read_weights(folder)
    return str(caught.value)


def test_parameters_are_counted_without_buffers(tmp_path: Path) -> None:
    content = weights(params=1000)
    assert read_weights(write(tmp_path, {"model.safetensors": content})) == Weights(1000, len(content))


def test_number_types_still_to_come_are_counted(tmp_path: Path) -> None:
    content = safetensors({"a": tensor("NEW", [16], [0, 8])}, b"8 bytes!")
    assert read_weights(write(tmp_path, {"model.safetensors": content})) == Weights(16, len(content))


def test_shards_are_summed(tmp_path: Path) -> None:
    shards = {f"model-0000{n}-of-00002.safetensors": weights(n * 100) for n in (1, 2)}
    index = {"metadata": {}, "weight_map": {f"layer.{n}": name for n, name in enumerate(shards)}}
    write(tmp_path, {**shards, INDEX: json.dumps(index).encode()})
    assert read_weights(tmp_path) == Weights(300, sum(map(len, shards.values())))

    (tmp_path / "model-00002-of-00002.safetensors").unlink()
    assert why(tmp_path) == "1 of its 2 weight files are missing (model-00002-of-00002.safetensors); get it again"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "model.safetensors is damaged or no safetensors file (0 bytes); get it again"),
        (b"PK\x03\x04", "model.safetensors is damaged or no safetensors file (4 bytes); get it again"),
        (
            safetensors({}, length=1 << 60),
            "model.safetensors is damaged or no safetensors file (10 bytes); get it again",
        ),
        (
            b"version https://git-lfs.github.com/spec/v1\n" * 3,
            "is only a Git LFS pointer; run git lfs pull in its folder",
        ),
        (safetensors(b"{broken"), "the header of model.safetensors is damaged (JSON is malformed"),
        (safetensors([1]), "the header of model.safetensors is damaged (Expected `object`, got `array`)"),
        (safetensors(b"[" * 200_000), "the header of model.safetensors is damaged"),
        (safetensors({"a": 3}), "the header of model.safetensors is damaged (Expected `object`, got `int`"),
        (safetensors({"a": tensor(shape="x")}), "the header of model.safetensors is damaged"),
        (safetensors({"a": tensor(shape=[-1])}), "the header of model.safetensors is damaged"),
        (safetensors({"a": tensor(shape=[10**30])}), "the header of model.safetensors is damaged"),
        (safetensors({"a": tensor(shape=[1] * 99)}), "the header of model.safetensors is damaged"),
        (safetensors({"a": tensor(offsets=[8, 0])}, b"8 bytes!"), "the header of model.safetensors contradicts itself"),
        (safetensors({"a": tensor("NEW", offsets=[8, 0])}), "the header of model.safetensors contradicts itself"),
        (safetensors({"a": tensor(shape=[9])}, b"8 bytes!"), "the header of model.safetensors contradicts itself"),
        (safetensors({"a": tensor(shape=[1 << 40] * 32)}, b"8 bytes!"), "contradicts itself"),
        (weights(5000)[:-6000], "model.safetensors holds 14 kB of 20 kB: it was cut off or damaged; get it again"),
    ],
)
def test_a_damaged_file_is_named_with_its_fault(tmp_path: Path, content: bytes, reason: str) -> None:
    assert reason in why(write(tmp_path, {"model.safetensors": content}))


@pytest.mark.parametrize("name", ["../../x.safetensors", "/etc/passwd", "a/b.safetensors", "..", "x.bin", "", 7, None])
def test_an_index_never_leads_out_of_its_folder(tmp_path: Path, name: object) -> None:
    index = json.dumps({"weight_map": {"a": name}}).encode()
    write(tmp_path / "model", {INDEX: index})
    write(tmp_path.parent, {"x.safetensors": weights()})
    shown = name if isinstance(name, str) else ""
    assert why(tmp_path / "model") == f"{INDEX} names '{shown}', which is no weight file of this folder"


@pytest.mark.parametrize("content", [b"[]", b'{"weight_map": []}', b'{"weight_map": {}}'])
def test_an_index_without_files_is_refused(tmp_path: Path, content: bytes) -> None:
    assert why(write(tmp_path, {INDEX: content})) == f"{INDEX} names no weight files; get it again"


def test_a_broken_index_is_refused(tmp_path: Path) -> None:
    assert why(write(tmp_path, {INDEX: b"{"})).startswith(f"{INDEX} is damaged (Expecting property name")
    many = {"weight_map": {str(n): f"m{n}.safetensors" for n in range(2001)}}
    assert why(write(tmp_path, {INDEX: json.dumps(many).encode()})) == f"{INDEX} names 2001 files"


def test_other_formats_say_what_to_do(tmp_path: Path) -> None:
    assert why(tmp_path) == "its weights are not here (no model.safetensors); fetch it, or copy the whole folder"
    (tmp_path / "training_args.bin").touch()
    (tmp_path / "tf_model.h5").touch()
    assert why(tmp_path) == "it has no model.safetensors, only tf_model.h5; save it with model.save_pretrained"
    (tmp_path / "pytorch_model.bin").touch()
    assert why(tmp_path) == (
        "its weights are a pickle (pytorch_model.bin), which can run code when it is read; "
        "save them as safetensors where you trust them (model.save_pretrained) and choose that folder"
    )


def test_links_and_pipes_are_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").symlink_to(tmp_path / "gone")
    assert why(tmp_path) == "model.safetensors is a link to a file that is gone; get it again"
    (tmp_path / "model.safetensors").unlink()
    os.mkfifo(tmp_path / "model.safetensors")
    assert why(tmp_path).startswith("it has no model.safetensors")
