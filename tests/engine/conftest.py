"""What the engine's tests stand on: a checkpoint small enough to train in a second, built without any network."""

import gc
import importlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tlworkbench.data.rows_writer import write_rows
from tlworkbench.engine.context import JobContext
from tlworkbench.jobs.events import Event, Finished
from tlworkbench.jobs.folder import JobFolder, create_job
from tlworkbench.jobs.spec import EvaluateSpec, JobSpec, TrainSpec
from tlworkbench.workspace import open_workspace

FILLERS = ("the", "a", "it", "is", "was", "and", "but", "not", "very", "my", "this", "order", "app", "ticket", "update")
HAPPY = ("good", "great", "lovely", "perfect", "happy", "thanks")
ANGRY = ("bad", "awful", "broken", "late", "angry", "refund")
ASKING = ("when", "where", "how", "why", "what", "does")
WORDS = (*FILLERS, *HAPPY, *ANGRY, *ASKING, "room", "train", "coffee", "open", "cost", "start", "close")
"""Words the tiny tokenizer knows whole; anything else falls into letters."""


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transformers folder with an untrained BERT (hidden 32, 2 layers, 128 positions) and its WordPiece tokenizer.

    It has no classification head, like a pretrained encoder. Read-only: shared by all tests of the session.
    """
    return build_tiny_bert(tmp_path_factory.mktemp("models") / "tiny-bert")


def build_tiny_bert(folder: Path) -> Path:
    """Write the checkpoint into `folder`: config.json, model.safetensors, tokenizer.json, tokenizer_config.json."""
    import torch
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,!?'"
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters), *WORDS]
    vocabulary = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=128,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    ).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        initializer_range=0.1,
    )
    with torch.random.fork_rng():
        torch.manual_seed(7)
        BertModel(config).save_pretrained(folder)
    return folder


class Trials:
    """A workspace of short messages in three moods, and training runs on it in this process."""

    def __init__(self, root: Path, model: Path) -> None:
        self.workspace = open_workspace(str(root), create=True)
        self.model = model

    def write(self, splits: Mapping[str, tuple[Sequence[str], Sequence[str | None]]], validation: float = 0.2) -> None:
        """Write rows.arrow: texts and labels by split."""
        write_rows(
            self.workspace.rows_file,
            {split: {"text": texts, "label": labels} for split, (texts, labels) in splits.items()},
            validation=validation,
        )

    def spec(self, **changes: Any) -> TrainSpec:
        """Settings with which the tiny model learns the messages within a second."""
        settings: dict[str, Any] = {
            "model": str(self.model),
            "epochs": 3.0,
            "batch_size": 8,
            "learning_rate": 7e-3,
            "precision": "fp32",
        }
        return TrainSpec(**{**settings, **changes})

    def job(self, spec: JobSpec) -> JobFolder:
        """A new job's folder."""
        return create_job(self.workspace.jobs_dir, spec)

    def train(self, job: JobFolder, stop_when: Callable[[Event], bool] = lambda event: False) -> Finished:
        """Run a training job here; it is asked to stop at the first event for which `stop_when` is true."""
        from tlworkbench.engine import train

        spec = job.spec()
        assert isinstance(spec, TrainSpec)
        context = _Stoppable(job, stop_when)
        finished = train.run(context, spec)
        context.finish(finished)
        return finished

    def evaluate(self, spec: EvaluateSpec) -> tuple[JobFolder, Finished]:
        """Run an evaluation here."""
        from tlworkbench.engine import evaluate

        job = self.job(spec)
        context = JobContext(job)
        finished = evaluate.run(context, spec)
        context.finish(finished)
        return job, finished


class _Stoppable(JobContext):
    def __init__(self, job: JobFolder, stop_when: Callable[[Event], bool]) -> None:
        super().__init__(job)
        self._stop_when = stop_when

    def emit(self, event: Event) -> None:
        super().emit(event)
        self.stop_requested = self.stop_requested or self._stop_when(event)


@pytest.fixture(scope="session")
def light_heap() -> None:
    """What the libraries hold from their import on is not looked through at each garbage collection."""
    importlib.import_module("tlworkbench.engine.trainer")
    gc.collect()
    gc.freeze()


@pytest.fixture
def empty_trials(tmp_path: Path, tiny_bert: Path, light_heap: None, monkeypatch: pytest.MonkeyPatch) -> Trials:
    """A workspace without rows; the test writes its own."""
    # Threads that wait for one another over such small arrays take many times the time of the work.
    monkeypatch.setattr("tlworkbench.engine.plan.usable_cores", lambda: 1)
    return Trials(tmp_path / "trials", tiny_bert)


@pytest.fixture
def trials(empty_trials: Trials) -> Trials:
    """120 training, 30 validation and 60 test messages, told apart by single words."""
    empty_trials.write({"train": messages(120, 1), "validation": messages(30, 2), "test": messages(60, 3)})
    return empty_trials


def messages(count: int, seed: int, noise: bool = False) -> tuple[list[str], list[str | None]]:
    """Messages of 4 to 18 words and their labels; with `noise` the labels have nothing to do with the words."""
    random = Random(seed)
    moods = {"angry": ANGRY, "asking": ASKING, "happy": HAPPY}
    texts: list[str] = []
    labels: list[str | None] = []
    for number in range(count):
        label = list(moods)[number % len(moods)]
        half = random.randint(2, 9)
        words = random.choices(FILLERS, k=half) + random.choices(moods[label], k=half)
        random.shuffle(words)
        texts.append(" ".join(words))
        labels.append(random.choice(list(moods)) if noise else label)
    return texts, labels


@pytest.fixture
def noisy(empty_trials: Trials) -> Trials:
    """The same with labels drawn at random: nothing to learn but to learn by heart."""
    empty_trials.write({"train": messages(120, 1, noise=True), "validation": messages(30, 2, noise=True)})
    return empty_trials


@pytest.fixture
def long_trials(empty_trials: Trials) -> Trials:
    """240 training messages, for runs that have to last a few seconds."""
    empty_trials.write({"train": messages(240, 1, noise=True), "validation": messages(30, 2, noise=True)})
    return empty_trials


@pytest.fixture
def every_step_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step makes an event, however quick it was."""
    monkeypatch.setattr("tlworkbench.engine.reporter.STEP_EVERY", 0.0)


@pytest.fixture
def sure(tiny_bert: Path, tmp_path: Path) -> str:
    """The tiny model without dropout, so that a batch gives the same gradient however it is cut."""
    folder = shutil.copytree(tiny_bert, tmp_path / "sure")
    config = json.loads((folder / "config.json").read_text())
    config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (folder / "config.json").write_text(json.dumps(config))
    return str(folder)
