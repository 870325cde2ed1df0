"""What an export proved and measured: `report.json` of a bundle."""

from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from tlworkbench.errors import UserError
from tlworkbench.inference.windows import Windows

FORMAT = 1
FILE = "report.json"


class VariantReport(Struct, frozen=True, kw_only=True):
    """One .onnx file of a bundle; accuracy and macro-F1 are over all measured rows."""

    file: str
    """Path within the bundle."""
    bytes: int
    max_abs_diff: float
    """Largest difference of a logit: fp32 from torch on the proof rows, the others from fp32 on the measured rows."""
    mean_abs_diff: float
    agreement: float
    """Share of the same rows on which the answer is the same, 0 to 1."""
    accuracy: float
    macro_f1: float
    p50_ms: float
    """Median time from text to probabilities of one row of typical length, on the machine that exported."""


class WorstRow(Struct, frozen=True, kw_only=True):
    """A proof row on which ONNX and torch differ most."""

    text: str
    """Its beginning."""
    tokens: int
    batch: int
    """Rows in the batch it was compared in."""
    max_abs_diff: float
    torch: tuple[float, ...]
    onnx: tuple[float, ...]


class ParityReport(Struct, frozen=True, kw_only=True):
    """The comparison of the fp32 file, tokenized and run as Predict does it, with torch and transformers."""

    rows: int
    """Rows of the dataset that were compared."""
    split: str
    comparisons: int
    """Rows times the batches they were in; the shortest, median and longest row are in one of each size."""
    batch_sizes: tuple[int, ...]
    traced_batch: int
    """Batch size the graph was traced with."""
    shortest: int
    """Tokens of the shortest row."""
    median: int
    longest: int
    """Tokens of the longest text compared; a text made up of several rows reaches the model's limit."""
    max_abs_diff: float
    mean_abs_diff: float
    agreement: float
    """Share of comparisons with the same answer, 0 to 1; ties count as agreeing."""
    ties: int
    """Comparisons with another answer where torch's two best logits are within 1e-4."""
    other_tokens: int
    """Texts for which the two tokenizers gave other ids; must be 0."""
    worst: tuple[WorstRow, ...]


class BundleReport(Struct, frozen=True, kw_only=True):
    """All that is known of a bundle."""

    format: int = FORMAT
    run: str
    created: str
    """ISO 8601, UTC."""
    model: str
    """What the run started from."""
    labels: tuple[str, ...]
    max_length: int
    windows: Windows | None = None
    """How longer texts are read; None where they are cut."""
    rows: int
    """Labelled rows that accuracy and macro-F1 are measured on."""
    split: str
    verdict: Literal["ready", "failed"]
    why: str = ""
    """For `failed`: the figures that say so."""
    parity: ParityReport
    variants: dict[str, VariantReport] = {}
    default: str = "fp32"
    """Variant that Predict takes."""
    default_why: str = ""
    metrics: dict[str, float] = {}
    """accuracy and macro_f1 of the default variant; majority: accuracy of always the most frequent class."""
    versions: dict[str, str] = {}
    """Libraries that made the files."""

    def write(self, folder: Path) -> None:
        """Write report.json into a bundle's folder."""
        (folder / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(self)))


def read_report(folder: Path) -> BundleReport | None:
    """The report of the bundle in `folder`; None where there is none; UserError where it is damaged or newer."""
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=BundleReport)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise UserError(f"{path} is damaged: {error}", "Export the run again: tlworkbench export RUN.") from error
