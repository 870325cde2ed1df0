"""Predicting: right answers whatever the order, the length, the batch and the text."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.inference.word_graph import LABELS, MAX_LENGTH, WORDS, graph, tokenizer_json
from tlworkbench.errors import UserError
from tlworkbench.inference.bundle import Bundle
from tlworkbench.inference.classifier import BATCH_ROWS, BATCH_TOKENS, Classifier, _batches, softmax

TEXTS = ["the lovely thing", "awful", "plain plain the plain", "", "great broken great", "the " * 14 + "lovely"]


def expected(text: str) -> list[float]:
    """Logits by hand; the tokenizer keeps MAX_LENGTH tokens, two of them marks."""
    words = [WORDS.get(word, (0, 0, 0)) for word in text.split()][: MAX_LENGTH - 2]
    return [float(sum(word[label] for word in words)) for label in range(len(LABELS))]


def test_logits_are_what_the_words_say(classifier: Classifier) -> None:
    assert classifier.logits(TEXTS).tolist() == [expected(text) for text in TEXTS]


def test_order_is_kept_over_many_batches(classifier: Classifier) -> None:
    rng = np.random.default_rng(3)
    texts = [" ".join(rng.choice(list(WORDS), rng.integers(0, 20))) for _ in range(300)]
    done: list[int] = []
    logits = classifier.logits(texts, done.append)
    assert logits.tolist() == [expected(text) for text in texts]
    assert sum(done) == 300 and len(done) > 300 / BATCH_ROWS


def test_batches_are_sorted_and_within_both_limits() -> None:
    lengths = [5, 300, 7, 6000, 5, 40] * 20
    batches = _batches(lengths)
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) <= BATCH_ROWS
        assert len(batch) == 1 or len(batch) * max(lengths[row] for row in batch) <= BATCH_TOKENS
    longest = [max(lengths[row] for row in batch) for batch in batches]
    assert longest == sorted(longest)


def test_predictions_rank_the_labels(classifier: Classifier) -> None:
    [prediction] = classifier.predict(["lovely plain plain plain"], top=2)
    assert prediction.label == "so so" and prediction.text == "lovely plain plain plain"
    assert [name for name, _ in prediction.top] == ["so so", "good"]
    assert prediction.score == prediction.top[0][1] == pytest.approx(np.exp(6) / (np.exp(6) + np.exp(2) + 1), rel=1e-5)
    assert len(classifier.predict(["the"], top=0)[0].top) == 1
    assert len(classifier.predict(["the"], top=99)[0].top) == len(LABELS)
    assert classifier.predict([]) == []


def test_equal_scores_come_in_the_order_of_the_labels(classifier: Classifier) -> None:
    [prediction] = classifier.predict(["unheard of"], top=3)
    assert [name for name, _ in prediction.top] == list(LABELS)
    assert prediction.score == pytest.approx(1 / 3)


def test_softmax_stands_large_logits() -> None:
    rows = softmax(np.array([[1e4, 0, -1e4], [-1e30, -1e30, -1e30], [88.0, 89.0, 90.0]], np.float32))
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(rows[0], [1, 0, 0])
    np.testing.assert_allclose(rows[1], [1 / 3] * 3, rtol=1e-6)


@pytest.mark.parametrize(
    "text", ["lovely \ud83d", "\x00\x07 lovely\x1b[2J", "lovely\u202e\ufeff", "lovely 😀", "lovely" + " x" * 9999]
)
def test_any_text_gets_an_answer(classifier: Classifier, text: str) -> None:
    answers = classifier.predict([text, "awful"])
    assert [answer.label for answer in answers] == ["good", "bad"]
    assert answers[0].text == text
    assert classifier.predict([text])[0].label == "good"


def test_two_halves_of_a_character_come_together(classifier: Classifier) -> None:
    assert classifier.token_ids(["a \ud83d\ude00 b"]) == classifier.token_ids(["a 😀 b"])


def test_an_empty_text_without_marks_still_has_a_place(onnx_file: Callable[..., Path]) -> None:
    import json

    bare = {**json.loads(tokenizer_json()), "post_processor": None}
    classifier = Classifier(Bundle.load(onnx_file(tokenizer=json.dumps(bare))))
    assert classifier.token_ids([""]) == [[]]
    assert classifier._encoder.feeds(classifier._encoder.encode([""]))["attention_mask"].tolist() == [[1]]
    assert classifier.logits([""]).shape == (1, 3)
    assert classifier.logits(["", "awful"])[1].tolist() == [2, 0, 0]


def test_padding_goes_where_the_tokenizer_has_it(onnx_file: Callable[..., Path]) -> None:
    left = Classifier(Bundle.load(onnx_file(tokenizer=tokenizer_json(left=True))))
    feeds = left._encoder.feeds(left._encoder.encode(["awful", "the the the"]))
    assert feeds["input_ids"][0].tolist() == [0, 0, 2, 7, 3]
    assert feeds["attention_mask"].tolist() == [[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]]
    assert left.logits(TEXTS).tolist() == [expected(text) for text in TEXTS]


def test_segments_are_given_where_the_graph_takes_them(onnx_file: Callable[..., Path]) -> None:
    classifier = Classifier(Bundle.load(onnx_file(graph=graph(segments=True))))
    assert classifier.inputs == ("input_ids", "attention_mask", "token_type_ids")
    assert classifier.logits(TEXTS).tolist() == [expected(text) for text in TEXTS]


def test_the_variant_asked_for_answers(bundle_dir: Path) -> None:
    bundle = Bundle.load(bundle_dir)
    assert Classifier(bundle, "int8").logits(["lovely"]).tolist() == [[0, 0, 4]]
    assert Classifier(bundle).variant == "fp32"


def test_threads_may_share_a_classifier(classifier: Classifier) -> None:
    wrong: list[str] = []

    def ask(text: str) -> None:
        answers = [classifier.logits([text]).tolist() for _ in range(50)]
        wrong.extend(text for answer in answers if answer != [expected(text)])

    threads = [threading.Thread(target=ask, args=(text,)) for text in TEXTS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_labels_that_do_not_fit_the_graph_are_told(onnx_file: Callable[..., Path]) -> None:
    with pytest.raises(UserError, match="has 3 outputs but 2 label names"):
        Classifier(Bundle.load(onnx_file(labels=("yes", "no"))))


def test_a_graph_for_a_newer_runtime_is_told(onnx_file: Callable[..., Path]) -> None:
    with pytest.raises(UserError, match="made for a newer ONNX Runtime") as caught:
        Classifier(Bundle.load(onnx_file(graph=graph(opset=99))))
    assert "pip install -U onnxruntime" in caught.value.hint


def test_a_graph_that_cannot_run_is_told(onnx_file: Callable[..., Path]) -> None:
    damaged = graph()
    damaged.graph.node[0].op_type = "Gatherer"
    with pytest.raises(UserError, match="can't be loaded by ONNX Runtime"):
        Classifier(Bundle.load(onnx_file(graph=damaged)))


def test_a_batch_that_fails_is_told(onnx_file: Callable[..., Path]) -> None:
    bare = graph()
    del bare.graph.initializer[0].dims[0]
    bare.graph.initializer[0].dims.insert(0, 5)
    bare.graph.initializer[0].raw_data = bare.graph.initializer[0].raw_data[: 5 * 3 * 4]
    classifier = Classifier(Bundle.load(onnx_file(graph=bare)))
    with pytest.raises(UserError, match="failed on 1 rows of 3 tokens"):
        classifier.logits(["awful"])


def test_a_damaged_tokenizer_is_told(onnx_file: Callable[..., Path]) -> None:
    with pytest.raises(UserError, match=r"tokenizer in .* can't be read"):
        Classifier(Bundle.load(onnx_file(tokenizer='{"version": "1.0", "mod')))


def test_other_inputs_are_told(onnx_file: Callable[..., Path]) -> None:
    image = graph()
    image.graph.input[1].name = "pixel_values"
    for node in image.graph.node:
        for position, name in enumerate(node.input):
            if name == "attention_mask":
                node.input[position] = "pixel_values"
    with pytest.raises(UserError, match="not a text classifier's inputs"):
        Classifier(Bundle.load(onnx_file(graph=image)))


def test_predicting_brings_in_no_heavy_library(bundle_dir: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from tlworkbench.inference.bundle import Bundle
from tlworkbench.inference.classifier import Classifier
early = {{name for name in ("onnxruntime", "tokenizers") if name in sys.modules}}
assert not early, early
prediction = Classifier(Bundle.load(Path({str(bundle_dir)!r}))).predict(["lovely"])[0]
assert prediction.label == "good", prediction
heavy = ("torch", "transformers", "pyarrow", "datasets", "onnx", "sklearn", "textual", "tlworkbench.engine")
print([name for name in heavy if name in sys.modules])
"""
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ))
    assert child.returncode == 0, child.stderr
    assert child.stdout.strip() == "[]"
    assert child.stderr == "", "a native warning would spoil the screen"
