"""A bundle: what an export leaves, as a folder, or one of its .onnx files copied anywhere."""

from dataclasses import dataclass
from pathlib import Path

from tlworkbench.errors import UserError, nearest
from tlworkbench.inference.onnx_metadata import OnnxMetadata, read_metadata
from tlworkbench.inference.report import BundleReport, read_report
from tlworkbench.inference.windows import Windows

VARIANT_FILES: dict[str, str] = {
    "fp32": "onnx/model.onnx",
    "int8": "onnx/model_quantized.onnx",
    "fp16": "onnx/model_fp16.onnx",
}
"""Where each variant lies in a bundle: the names transformers.js and the Hub know."""


@dataclass(frozen=True)
class Bundle:
    """An exported classifier, not yet loaded: names and places only, no session."""

    path: Path
    labels: tuple[str, ...]
    max_length: int
    windows: Windows | None
    """How longer texts are read; None where they are cut."""
    variants: dict[str, Path]
    default: str
    tokenizer_json: bytes
    report: BundleReport | None
    """None where a file was loaded alone."""
    metadata: OnnxMetadata

    @classmethod
    def load(cls, path: Path) -> "Bundle":
        """Open a bundle's folder or one .onnx file; no runtime is started.

        Raises UserError when there is nothing there, the folder is no bundle, or the file is damaged or foreign.
        """
        path = path.expanduser().absolute()
        if path.is_dir():
            return cls._from_folder(path)
        if path.exists():
            return cls._from_file(path)
        raise UserError(f"there is no {path}", "Give a bundle's folder or an .onnx file.")

    def file(self, variant: str | None = None) -> Path:
        """The .onnx file of a variant, the default one when None; raises UserError that lists what there is."""
        name = variant or self.default
        if name not in self.variants:
            raise UserError(f"{self.path} has no variant '{name}'", nearest(name, self.variants))
        return self.variants[name]

    @classmethod
    def _from_folder(cls, folder: Path) -> "Bundle":
        variants = {name: folder / file for name, file in VARIANT_FILES.items() if (folder / file).is_file()}
        if not variants:
            raise UserError(f"{folder} is not a bundle: {VARIANT_FILES['fp32']} is missing", _hint(folder))
        report = read_report(folder)
        default = report.default if report and report.default in variants else next(iter(variants))
        return cls._of(folder, variants, default, report, read_metadata(variants[default]))

    @classmethod
    def _from_file(cls, file: Path) -> "Bundle":
        metadata = read_metadata(file)
        return cls._of(file, {metadata.variant: file}, metadata.variant, None, metadata)

    @classmethod
    def _of(
        cls, path: Path, variants: dict[str, Path], default: str, report: BundleReport | None, metadata: OnnxMetadata
    ) -> "Bundle":
        return cls(
            path=path,
            labels=metadata.labels,
            max_length=metadata.max_length,
            windows=metadata.windows,
            variants=variants,
            default=default,
            tokenizer_json=metadata.tokenizer.encode(),
            report=report,
            metadata=metadata,
        )


def _hint(folder: Path) -> str:
    if (folder / "bundle").is_dir():
        return f"Its bundle is {folder / 'bundle'}."
    if (folder / "model.safetensors").is_file() or (folder / "model").is_dir():
        return "It holds a model that is not exported yet: tlworkbench export RUN."
    return "Give the folder that export made, or one of its .onnx files."
