"""Long texts read in windows by an exported file: right answers by hand, and what can't be is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.inference.word_graph import MAX_LENGTH, WORDS, graph, metadata, tokenizer_json, write_model
from tlworkbench.errors import UserError
from tlworkbench.inference.batch_file import predict_file
from tlworkbench.inference.bundle import Bundle
from tlworkbench.inference.classifier import BATCH_ROWS, Classifier
from tlworkbench.inference.onnx_metadata import read_metadata
from tlworkbench.inference.windows import Windows, by_text, choose_windows, count_windows, pool, windows_of

ROOM = MAX_LENGTH - 2
WINDOWS = Windows(stride=4, most=3)
TEXTS = ["the lovely thing", "", "great " * 14, "awful " * 14 + "lovely", "plain " * 20 + "great " * 70]


def expected(text: str) -> list[float]:
    """Logits by hand: of each window the sum over its words, of the text the mean over its windows."""
    words = [WORDS.get(word, (0, 0, 0)) for word in text.split()]
    starts = [0, *(start for start in range(10, 30, 10) if start + 4 < len(words))]
    sums = [np.sum([(0, 0, 0), *words[start : start + ROOM]], axis=0) for start in starts]
    return [float(value) for value in np.mean(sums, axis=0)]


@pytest.fixture
def reader(onnx_file: Callable[..., Path]) -> Classifier:
    return Classifier(Bundle.load(onnx_file(windows=WINDOWS)))


def test_a_text_answers_with_the_mean_of_its_windows(reader: Classifier) -> None:
    assert expected(TEXTS[3]) == [(28 + 8) / 2, 0, 1], "14 awful ones, then 4 of them and a lovely one"
    for texts in (TEXTS, TEXTS[4:], TEXTS[:1], TEXTS * 20, []):
        wanted = np.array([expected(text) for text in texts]).reshape(len(texts), 3)
        np.testing.assert_allclose(reader.logits(texts), wanted, rtol=1e-6)
    np.testing.assert_allclose(reader.batch_logits(TEXTS * 20), [expected(text) for text in TEXTS * 20], rtol=1e-6)
    assert len(TEXTS * 20) > BATCH_ROWS
    assert [len(ids) for ids in reader.token_ids(TEXTS)] == [5, 2, 16, 16 + 7, 3 * 16]


def test_windows_are_bounded_and_a_file_is_predicted_by_them(reader: Classifier, tmp_path: Path) -> None:
    # The third window is the last that is read: what comes after it is not.
    assert reader.logits(["plain " * 34 + "great " * 500])[0, 2] == 0
    source, done = tmp_path / "texts.txt", list[tuple[int, int]]()
    source.write_text("\n".join(["awful " * 50, "great " * 30, "lovely"]))
    rows = predict_file(reader, source, tmp_path / "out.jsonl", progress=lambda *told: done.append(told))
    assert rows == 3 and done[-1] == (3, 3)


def test_the_setting_travels_in_the_file_and_older_programs_refuse_it(tmp_path: Path) -> None:
    written = metadata(windows=WINDOWS).properties()
    assert read_metadata(write_model(tmp_path / "m.onnx", graph(), written)).windows == WINDOWS
    # Those before windows knew format 1 alone.
    assert written["tlworkbench.format"] == "2" and metadata().properties()["tlworkbench.format"] == "1"
    assert "tlworkbench.windows" not in metadata().properties()


@pytest.mark.parametrize(
    ("windows", "said"),
    [
        ('{"stride": 14, "most": 3}', "too large: a window has room for 14"),
        ('{"stride": -1, "most": 3}', "damaged"),
        ('{"stride": 4, "most": 0}', "damaged"),
        ("[4, 3]", "damaged"),
    ],
)
def test_a_file_with_impossible_windows_is_refused(tmp_path: Path, windows: str, said: str) -> None:
    properties = {**metadata(windows=WINDOWS).properties(), "tlworkbench.windows": windows}
    path = write_model(tmp_path / "m.onnx", graph(), properties)
    with pytest.raises(UserError, match=said):
        Classifier(Bundle.load(path))


@pytest.mark.parametrize(("stride", "most", "direction"), [(0, 9, "right"), (4, 3, "right"), (13, 50, "left")])
def test_windows_are_counted_as_the_tokenizer_makes_them(stride: int, most: int, direction: str) -> None:
    from tokenizers import Tokenizer

    windows = Windows(stride=stride, most=most)
    tokenizer: Any = Tokenizer.from_str(tokenizer_json())
    tokenizer.enable_truncation(MAX_LENGTH, stride=stride, direction=direction)
    tokenizer.no_padding()
    words = np.arange(0, 60)
    encodings = tokenizer.encode_batch(["great " * count for count in words])
    counted = count_windows(words + 2, windows, MAX_LENGTH, 2)
    assert counted.tolist() == [1 + len(encoding.overflowing) for encoding in encodings]
    found, counts = windows_of(encodings, windows)
    assert counts == np.minimum(counted, most).tolist() and len(found) == sum(counts)


def test_what_can_not_be_is_refused_in_words() -> None:
    assert choose_windows("auto", 8, 256, 2) == Windows(stride=64, most=8)
    assert choose_windows(0, 8, 3, 2) == Windows(stride=0, most=8)
    with pytest.raises(UserError, match="window_stride = 30 is too large: a window has room for 30 tokens"):
        choose_windows(30, 8, 32, 2)
    with pytest.raises(UserError, match="no room for a text"):
        choose_windows("auto", 8, 2, 2)


def test_pooling_and_progress_go_by_text() -> None:
    values = np.arange(12, dtype=np.float32).reshape(6, 2)
    assert pool(values, [1, 3, 2]).tolist() == [[0, 1], [4, 5], [9, 10]]
    assert pool(values, [1] * 6) is values
    told: list[int] = []
    count = by_text(told.append, texts=3, windows=7)
    for more in (1, 2, 3, 1):
        count(more)
    assert sum(told) == 3 and min(told) >= 0
