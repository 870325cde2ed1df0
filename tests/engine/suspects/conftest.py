"""Workspaces whose embeddings are in the cache already: vectors made up, no model run."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from tlworkbench.data.embedding_files import EmbeddingsMeta, Floats, append
from tlworkbench.data.embeddings import embeddings_folder
from tlworkbench.data.rows_writer import write_rows
from tlworkbench.engine.embed import MAX_LENGTH, POOLING
from tlworkbench.engine.model_identity import model_identity
from tlworkbench.workspace import Workspace, open_workspace

Stage = Callable[..., Workspace]
MOODS = ("angry", "asking", "happy")


@pytest.fixture
def stage(tmp_path: Path, tiny_bert: Path) -> Stage:
    """Make a workspace: texts and labels by split, and a vector for each row; its model is the tiny one."""

    def stage(vectors: Floats, **splits: tuple[Sequence[str], Sequence[str | None]]) -> Workspace:
        workspace = open_workspace(str(tmp_path / "workspace"), create=True)
        columns = {name: {"text": texts, "label": labels} for name, (texts, labels) in splits.items()}
        write_rows(workspace.rows_file, columns, validation=0.0)
        workspace.update(model=str(tiny_bert))
        folder = embeddings_folder(model_identity(tiny_bert, POOLING, MAX_LENGTH))
        append(folder, EmbeddingsMeta(dimensions=vectors.shape[1]), workspace.rows().keys, vectors)
        return workspace

    return stage


def mood_vectors(moods: Sequence[int], seed: int = 1, noise: float = 0.35) -> Floats:
    """Vectors near one of three directions."""
    draws = np.random.default_rng(seed)
    centres = np.eye(3, 16)
    return (centres[list(moods)] + noise * draws.normal(size=(len(moods), 16)) / 2).astype(np.float32)
