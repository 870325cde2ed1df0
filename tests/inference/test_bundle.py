"""Opening bundles: a folder, a file alone, and everything that is not one."""

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

from tests.inference.word_graph import LABELS, MAX_LENGTH, graph, metadata, write_model
from tlworkbench.errors import UserError
from tlworkbench.inference.bundle import Bundle
from tlworkbench.inference.report import BundleReport, ParityReport, read_report


def report(default: str) -> BundleReport:
    parity = ParityReport(
        rows=1,
        split="validation",
        comparisons=1,
        batch_sizes=(1,),
        traced_batch=3,
        shortest=3,
        median=3,
        longest=3,
        max_abs_diff=0.0,
        mean_abs_diff=0.0,
        agreement=1.0,
        ties=0,
        other_tokens=0,
        worst=(),
    )
    return BundleReport(
        run="0007",
        created="2025-01-01T00:00:00+00:00",
        model="bundled",
        labels=LABELS,
        max_length=MAX_LENGTH,
        rows=1,
        split="validation",
        verdict="ready",
        parity=parity,
        default=default,
    )


def test_a_folder_names_its_variants_and_labels(bundle_dir: Path) -> None:
    bundle = Bundle.load(bundle_dir)
    assert bundle.labels == LABELS and bundle.max_length == MAX_LENGTH
    assert list(bundle.variants) == ["fp32", "int8"]
    assert bundle.default == "fp32" and bundle.report is None
    assert bundle.metadata.run == "0007"


def test_the_report_says_which_variant_is_the_default(bundle_dir: Path) -> None:
    report("int8").write(bundle_dir)
    bundle = Bundle.load(bundle_dir)
    assert bundle.default == "int8" and bundle.file().name == "model_quantized.onnx"
    assert bundle.report == report("int8") == read_report(bundle_dir)


def test_a_default_that_was_deleted_is_not_taken(bundle_dir: Path) -> None:
    report("int8").write(bundle_dir)
    (bundle_dir / "onnx" / "model_quantized.onnx").unlink()
    assert Bundle.load(bundle_dir).default == "fp32"


def test_a_file_alone_knows_everything(bundle_dir: Path, tmp_path: Path) -> None:
    alone = tmp_path / "elsewhere" / "m.onnx"
    alone.parent.mkdir()
    (bundle_dir / "onnx" / "model_quantized.onnx").rename(alone)
    bundle = Bundle.load(alone)
    assert bundle.labels == LABELS and bundle.max_length == MAX_LENGTH
    assert bundle.variants == {"int8": alone} and bundle.default == "int8"


def test_a_damaged_report_is_told(bundle_dir: Path) -> None:
    (bundle_dir / "report.json").write_text('{"run": 7}')
    with pytest.raises(UserError, match=r"report\.json is damaged"):
        Bundle.load(bundle_dir)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no .*nowhere"):
        Bundle.load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("holds", "hint"),
    [("model.safetensors", "not exported yet"), ("bundle/x", "Its bundle is"), ("notes.txt", "Give the folder")],
)
def test_a_folder_that_is_no_bundle_says_what_is_missing(tmp_path: Path, holds: str, hint: str) -> None:
    (tmp_path / "f" / holds).parent.mkdir(parents=True)
    (tmp_path / "f" / holds).write_text("")
    with pytest.raises(UserError, match=r"not a bundle: onnx/model\.onnx is missing") as caught:
        Bundle.load(tmp_path / "f")
    assert hint in caught.value.hint


def test_an_unknown_variant_lists_what_there_is(bundle_dir: Path) -> None:
    with pytest.raises(UserError, match="no variant 'int4'") as caught:
        Bundle.load(bundle_dir).file("int4")
    assert "'int8'" in caught.value.hint


@pytest.mark.parametrize(
    "content", [b"", b"hello, this is a text file\n", b"PK\x03\x04" + b"\0" * 60, bytes(range(256))]
)
def test_what_is_no_onnx_file_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"m\.onnx is (not an ONNX model|empty|cut off)"):
        Bundle.load(path)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_told(onnx_file: Callable[..., Path], share: float) -> None:
    path = onnx_file()
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(UserError, match=r"cut off|no label names|not an ONNX model"):
        Bundle.load(path)


def test_a_cut_in_the_weights_says_how_much_is_missing(onnx_file: Callable[..., Path]) -> None:
    path = onnx_file()
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UserError, match=r"cut off: \d+ bytes are missing"):
        Bundle.load(path)


def test_a_foreign_onnx_file_is_told(tmp_path: Path) -> None:
    path = write_model(tmp_path / "m.onnx", graph(), {"author": "someone"})
    with pytest.raises(UserError, match="no label names and no tokenizer"):
        Bundle.load(path)


def test_a_file_without_tokenizer_is_told(onnx_file: Callable[..., Path]) -> None:
    with pytest.raises(UserError, match="holds no tokenizer"):
        Bundle.load(onnx_file(tokenizer=""))


def test_a_file_of_a_newer_program_is_told(tmp_path: Path) -> None:
    path = write_model(tmp_path / "m.onnx", graph(), {**metadata().properties(), "tlworkbench.format": "3"})
    with pytest.raises(UserError, match="newer tlworkbench"):
        Bundle.load(path)


def test_damaged_metadata_is_told(tmp_path: Path) -> None:
    path = write_model(tmp_path / "m.onnx", graph(), {**metadata().properties(), "tlworkbench.labels": "[1"})
    with pytest.raises(UserError, match=r"metadata of .* is damaged"):
        Bundle.load(path)


def test_metadata_comes_back_as_it_was_written(onnx_file: Callable[..., Path]) -> None:
    path = onnx_file(labels=('a "quoted" one', "größer ✓"), model="some/model")
    assert Bundle.load(path).metadata == metadata(labels=('a "quoted" one', "größer ✓"), model="some/model")
    assert {entry.key for entry in onnx.load(path).metadata_props} == {
        f"tlworkbench.{name}"
        for name in ("format", "labels", "max_length", "tokenizer", "task", "run", "model", "variant")
    }
