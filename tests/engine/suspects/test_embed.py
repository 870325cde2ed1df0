"""Embeddings: the right vectors, each computed once, kept when a job is stopped."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer, GPT2Config, GPT2Model, T5Config, T5Model

from tlworkbench.data.rows_writer import write_rows
from tlworkbench.engine import embed_texts
from tlworkbench.engine.context import JobContext
from tlworkbench.engine.embed import Embedded, embed_rows
from tlworkbench.engine.model_identity import model_identity
from tlworkbench.engine.stopping import Stopped
from tlworkbench.errors import UserError
from tlworkbench.jobs.folder import create_job
from tlworkbench.jobs.spec import SuspectsSpec
from tlworkbench.workspace import Workspace, open_workspace

TEXTS = ("good great", "bad", "where is my order and when is it open", "the app is broken", "bad", "")
Embed = Callable[..., Embedded]


@pytest.fixture
def workspace(tmp_path: Path, light_heap: None, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("tlworkbench.engine.plan.usable_cores", lambda: 1)
    monkeypatch.setattr(embed_texts, "choose_precision", lambda wanted, device: "fp32")
    return open_workspace(str(tmp_path / "workspace"), create=True)


@pytest.fixture
def embed(workspace: Workspace) -> Embed:
    """Write texts into the workspace and embed them."""

    def embed(model: Path, texts: tuple[str, ...] = TEXTS, context: JobContext | None = None) -> Embedded:
        write_rows(workspace.rows_file, {"train": {"text": texts}}, label="")
        return embed_rows(context or job(workspace), workspace.rows(), str(model), workspace.jobs_dir)

    return embed


def job(workspace: Workspace) -> JobContext:
    return JobContext(create_job(workspace.jobs_dir, SuspectsSpec()))


def test_a_vector_is_the_mean_over_the_tokens(embed: Embed, workspace: Workspace, tiny_bert: Path) -> None:
    embedded = embed(tiny_bert)
    model, tokenizer = AutoModel.from_pretrained(tiny_bert).eval(), AutoTokenizer.from_pretrained(tiny_bert)
    for row, text in enumerate(TEXTS):
        with torch.no_grad():
            wanted = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(dim=0)
        found = embedded.embeddings.vectors(workspace.rows().keys[[row]])[0]
        assert found == pytest.approx(wanted.numpy(), abs=3e-3)


def test_only_what_is_missing_is_computed(embed: Embed, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes: list[int] = []
    real = embed_texts.embed_batch

    def counting(encoder: Any, batch: Any) -> Any:
        shapes.append(len(batch["input_ids"]))
        return real(encoder, batch)

    monkeypatch.setattr(embed_texts, "embed_batch", counting)
    assert embed(tiny_bert).computed == 6
    # "bad" stands there twice.
    assert sum(shapes) == 5
    assert embed(tiny_bert).computed == 0
    assert embed(tiny_bert, ("thanks", *reversed(TEXTS))).computed == 1
    assert sum(shapes) == 6


def test_what_was_computed_before_a_stop_is_kept(
    embed: Embed, workspace: Workspace, tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embed_texts, "_ROWS", 2)
    context = job(workspace)
    real = embed_texts.embed_batch
    batches: list[int] = []

    def stopping(encoder: Any, batch: Any) -> Any:
        batches.append(len(batch["input_ids"]))
        context.stop_requested = len(batches) == 2
        return real(encoder, batch)

    monkeypatch.setattr(embed_texts, "embed_batch", stopping)
    with pytest.raises(Stopped):
        embed(tiny_bert, context=context)
    assert sum(batches) == 4
    monkeypatch.setattr(embed_texts, "embed_batch", real)
    # The longest texts come first, so the shortest is left.
    assert embed(tiny_bert).computed == 1


def test_other_architectures_are_embedded_too(
    embed: Embed, workspace: Workspace, tiny_bert: Path, tmp_path: Path
) -> None:
    size = len(AutoTokenizer.from_pretrained(tiny_bert))
    models = {
        "gpt2": GPT2Model(GPT2Config(vocab_size=size, n_embd=16, n_layer=1, n_head=2, n_positions=64)),
        "t5": T5Model(T5Config(vocab_size=size, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)),
    }
    for name, model in models.items():
        folder = shutil.copytree(tiny_bert, tmp_path / name)
        model.save_pretrained(folder)
        vectors = embed(folder).embeddings.vectors(workspace.rows().keys)
        assert vectors.shape == (6, 16) and np.isfinite(vectors).all()
        # A batch's padding changes nothing.
        alone = embed(folder, (TEXTS[0],)).embeddings.vectors(workspace.rows().keys[:1])
        assert vectors[0] == pytest.approx(alone[0])


def test_what_is_no_text_model_is_refused(embed: Embed, tiny_bert: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_bert, tmp_path / "broken")
    (folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(UserError, match="can't be used"):
        embed(folder)


def test_the_same_weights_elsewhere_are_the_same_model(tiny_bert: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(tiny_bert, tmp_path / "copy")
    identity = model_identity(tiny_bert, "mean", 256)
    assert model_identity(copy, "mean", 256) == identity
    assert len({identity, model_identity(copy, "mean", 128), model_identity(copy, "cls", 256)}) == 3
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    assert model_identity(copy, "mean", 256) != identity


def test_a_large_file_is_read_once(tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tlworkbench.engine.model_identity._SMALL", 0)
    first = model_identity(tiny_bert, "mean", 256)
    monkeypatch.setattr("hashlib.file_digest", None)
    assert model_identity(tiny_bert, "mean", 256) == first
    # As it lies in the Hugging Face cache: a link to a file that is named by its hash.
    blob = tmp_path / ("ab" * 32)
    blob.write_bytes((tiny_bert / "model.safetensors").read_bytes())
    linked = tmp_path / "snapshot"
    linked.mkdir()
    (linked / "model.safetensors").symlink_to(blob)
    assert len(model_identity(linked, "mean", 256)) == 32
