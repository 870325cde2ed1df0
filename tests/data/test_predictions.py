"""Answers of past runs to a row."""

from pathlib import Path

import pyarrow as pa
import pytest

from tlworkbench.data.predictions import Prediction, Predictions


def _write(folder: Path, keys: list[int], answers: list[str], scores: list[float]) -> None:
    folder.mkdir(parents=True)
    table = pa.table(
        {
            "key": pa.array(keys, pa.uint64()),
            "answer": pa.array(answers).dictionary_encode(),
            "score": pa.array(scores, pa.float32()),
        }
    )
    with pa.ipc.new_file(str(folder / "predictions.arrow"), table.schema) as sink:
        sink.write_table(table)


def test_the_newest_answer_comes_last_and_new_runs_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    high = (1 << 64) - 1
    _write(tmp_path / "0003-train-a", [high, 5], ["pos", "neg"], [0.5, 0.25])
    (tmp_path / "0004-import").mkdir()
    (tmp_path / "0005-train-b").mkdir()
    (tmp_path / "0005-train-b" / "predictions.arrow").write_bytes(b"half")
    predictions = Predictions(tmp_path)
    assert predictions.of(high) == [Prediction("0003", "pos", 0.5)] and predictions.of(7) == []
    _write(tmp_path / "0010-evaluate", [5], ["pos"], [0.75])
    monkeypatch.setattr("tlworkbench.data.predictions._LOOK_SECONDS", 0.0)
    assert predictions.of(5) == [Prediction("0003", "neg", 0.25), Prediction("0010", "pos", 0.75)]
    assert Predictions(tmp_path / "none").of(5) == []
