"""The model card of a bundle: what it is, what it was measured at, and how to use it anywhere."""

from collections.abc import Sequence

from tlworkbench.inference.report import BundleReport

_EXAMPLE = """```python
import numpy as np
import onnxruntime
from tokenizers import Tokenizer

labels = {labels}
tokenizer = Tokenizer.from_file("tokenizer.json")
session = onnxruntime.InferenceSession("{file}")
encoded = tokenizer.encode_batch(["a first text", "another, somewhat longer text"])
{windows}feeds = {{
{feeds}
}}
logits = session.run(["logits"], {{name: np.array(rows, np.int64) for name, rows in feeds.items()}})[0]
{mean}print([labels[row] for row in logits.argmax(axis=1)])
```"""
_WINDOWS = """windows = [[text, *text.overflowing][:{most}] for text in encoded]
counts = np.array([len(text) for text in windows])
encoded = [window for text in windows for window in text]
"""
_MEAN = """logits = np.add.reduceat(logits, np.cumsum(counts) - counts) / counts[:, None]
"""
_FIELDS = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}


def model_card(report: BundleReport, inputs: Sequence[str]) -> str:
    """README.md, from a finished report and the names of the graph's inputs."""
    parity = report.parity
    variants = "\n".join(
        f"| {name} | `{made.file}` | {made.bytes / 1e6:.1f} MB | {made.accuracy:.3f} | {made.macro_f1:.3f} "
        f"| {100 * made.agreement:.1f} % | {made.p50_ms:.1f} ms |"
        for name, made in report.variants.items()
    )
    feeds = "\n".join(f'    "{name}": [row.{_FIELDS[name]} for row in encoded],' for name in inputs)
    windows = report.windows
    example = _EXAMPLE.format(
        labels=list(report.labels),
        file=report.variants[report.default].file,
        feeds=feeds,
        windows=_WINDOWS.format(most=windows.most) if windows else "",
        mean=_MEAN if windows else "",
    )
    sizes = ", ".join(map(str, parity.batch_sizes))
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    return f"""---
library_name: onnx
pipeline_tag: text-classification
---

# Text classifier: {", ".join(report.labels)}

Fine-tuned from `{report.model}` with tlworkbench, run {report.run}, exported {report.created[:10]}.
{_long_texts(report)}

## Figures

On {report.rows} labelled rows of the {report.split} split.
Always answering the most frequent label there: accuracy {report.metrics["majority"]:.3f}.

| variant | file | size | accuracy | macro-F1 | answers as fp32 | one text |
|---|---|---|---|---|---|---|
{variants}

Default: {report.default}{f" ({report.default_why})" if report.default_why else ""}.

Proof: {parity.rows} rows of {parity.shortest} to {parity.longest} tokens, in batches of {sizes}.
The fp32 file's logits differ from PyTorch's by {parity.max_abs_diff:.1e} at most, and
{100 * parity.agreement:.2f} % of the answers are the same. `report.json` lists the rows that differ most.

## Use

In this folder, with `pip install onnxruntime tokenizers`:

{example}

With tlworkbench: `tlworkbench predict --bundle . "a text"`. Each .onnx file also carries labels and tokenizer in its
metadata, so the file alone predicts there: `tlworkbench predict --bundle model.onnx "a text"`.

Made with {versions}.
"""


def _long_texts(report: BundleReport) -> str:
    if report.windows is None:
        return f"Texts are cut at {report.max_length} tokens."
    return (
        f"Texts longer than {report.max_length} tokens are read in windows of so many, {report.windows.stride} of them "
        f"shared with the next, {report.windows.most} windows at most; the logits are the mean over the windows."
    )
