"""What a job is to do, complete and repeatable; `jobs.spec_text` reads and writes it as `job.toml`."""

import math
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

Positive = Annotated[int, Meta(ge=1)]
Count = Annotated[int, Meta(ge=0)]
Fraction = Annotated[float, Meta(ge=0, lt=1)]
Rate = Annotated[float, Meta(gt=0)]
Weight = Annotated[float, Meta(gt=0, le=1e6)]
Share = Annotated[float, Meta(gt=0, le=1)]
Variant = Literal["fp32", "int8"]


LEARNING_RATES = {"full": 1e-4, "lora": 1e-3, "head": 1e-4}
"""What is taken by strategy where no learning rate is given."""


class _Spec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    pass


class ImportSpec(_Spec, frozen=True, kw_only=True, tag="import"):
    """Read a dataset into `rows.arrow`."""

    source: str
    """A file, a folder of files, or a Hub id."""
    text: tuple[str, ...] = ()
    """Columns that make up the text, joined by a line break; found by itself when empty."""
    label: str = ""
    """Column of the labels; found by itself when empty, none for `-`."""
    split: str = ""
    """Which part to read, as in datasets: `train[:1000]`, `train+test`; everything when empty."""
    validation: Fraction = 0.2
    """Share of the training rows cut off for validation where the source has no validation split."""


class TrainSpec(_Spec, frozen=True, kw_only=True, tag="train"):
    """Fine-tune a checkpoint on the labelled rows."""

    model: str
    """`bundled`, a folder, a Hub id that is on this machine, or the number of a run."""
    strategy: Literal["full", "lora", "head"] = "full"
    """Which weights learn: all (`full`), small adapters (`lora`), or the last layer alone, in seconds (`head`)."""
    lora_rank: Positive = 8
    """With `lora`: columns of an adapter; more learn more, and take more memory."""
    lora_alpha: Rate = 16.0
    """With `lora`: an adapter's answer counts `lora_alpha` / `lora_rank` times."""
    lora_dropout: Fraction = 0.05
    """With `lora`: share of an adapter's inputs that is left out at random while it learns."""
    lora_targets: str = ""
    """With `lora`: layers that get adapters, as in `query, value`; every linear one of the body when empty."""
    epochs: Annotated[float, Meta(gt=0, le=1e6)] = 3.0
    """Passes over the training rows."""
    steps: Count = 0
    """Steps in all; 0 goes by `epochs`."""
    batch_size: Positive = 32
    """Rows that go through the model at once; fewer do where memory runs out, a step's rows stay the same."""
    gradient_accumulation: Positive = 1
    """Batches a step: the weights change once every `batch_size` × `gradient_accumulation` rows."""
    tokens_per_batch: Count = 0
    """Tokens that go through the model at once, padding counted: of long texts fewer do, a step's rows stay the same; 0
    takes 4,096 on a processor, 65,536 on a GPU."""
    learning_rate: Rate = 1e-4
    """Peak learning rate; 1e-3 where `lora` is asked for and no rate is."""
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    """How the learning rate falls after the warm-up: `linear`, `cosine`, or not at all (`constant`)."""
    warmup: Fraction = 0.1
    """Share of the steps in which the learning rate rises."""
    weight_decay: Annotated[float, Meta(ge=0)] = 0.01
    """Decay of all weights but biases and norms."""
    max_grad_norm: Annotated[float, Meta(ge=0)] = 1.0
    """Gradients are clipped to this norm; 0 leaves them."""
    layer_decay: Share = 1.0
    """Learning rate of a layer as a share of that of the one above it; 1 gives all the same."""
    freeze: Literal["none", "embeddings"] | Positive = "none"
    """What keeps its weights: `none`, `embeddings`, or a number of layers from the bottom, embeddings included."""
    label_smoothing: Fraction = 0.0
    """Share of the target taken from the true class and spread over all."""
    class_weights: Literal["none", "auto"] | dict[str, Weight] = "none"
    """How much a row's loss counts: `auto` by how rare its class is, or a table of weights by class (1 for others)."""
    balanced_sampler: bool = False
    """Draw each class equally often: rare ones again and again, of frequent ones other rows each epoch."""
    early_stopping: Count = 2
    """Stop after so many evaluations without a better `metric`; 0 never stops early."""
    metric: Literal["macro_f1", "accuracy", "loss"] = "macro_f1"
    """Validation figure that decides which checkpoint is best: `macro_f1`, `accuracy` or `loss`."""
    max_length: Count = 0
    """Tokens kept of a text; 0 takes the model's limit, 256 at most."""
    long_texts: Literal["cut", "windows"] = "cut"
    """What becomes of longer texts: `cut` there, or read in `windows` of so many tokens whose answers are averaged."""
    window_stride: Literal["auto"] | Count = "auto"
    """Tokens that one window shares with the next; `auto` is a quarter of `max_length`."""
    max_windows: Positive = 32
    """Windows of a text at most; what comes after them is not read."""
    max_train_rows: Count = 0
    """Train on so many rows, drawn by `seed`; 0 takes all."""
    max_eval_rows: Count = 0
    """Validate on so many rows, drawn by `seed`; 0 takes all."""
    baseline: bool = True
    """Begin with the figures that are at hand or quickly had: of the checkpoint as it is, and of its head alone."""
    seed: Count = 7
    """Seed of everything random."""
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """Numbers used in the forward and backward pass; `auto` is bf16 where the hardware has it, fp16 needs a GPU."""
    compile: bool = False
    """Compile the model for the GPU (torch.compile): a minute or two first, then quicker steps; none on a processor."""
    devices: Positive = 1
    """GPUs that learn side by side, or processes where there is none; a step's rows are divided among them."""
    checkpoint_limit: Positive = 2
    """Checkpoints kept on disk beside the best."""
    journal_version: int | None = None
    """State of the label journal the classes and rows are taken from; the current one when absent."""

    @property
    def rows_a_step(self) -> int:
        """Rows after which the weights change."""
        return self.batch_size * self.gradient_accumulation

    def steps_per_epoch(self, rows: int) -> int:
        """Steps of one pass over `rows` training rows."""
        return math.ceil(rows / self.rows_a_step)

    def total_steps(self, rows: int) -> int:
        """Steps of the whole run on `rows` training rows, as `transformers.Trainer` counts them."""
        return self.steps or math.ceil(self.epochs * self.steps_per_epoch(rows))


class LrFindSpec(_Spec, frozen=True, kw_only=True, tag="lrfind"):
    """Try rising learning rates on weights that are thrown away, and suggest one."""

    run: TrainSpec
    """The run it is for; its learning rate and schedule are not used."""
    lowest: Rate = 1e-7
    """Learning rate of the first step,"""
    highest: Rate = 1.0
    """and of the last one, where the loss does not diverge before."""
    steps: Annotated[int, Meta(ge=10)] = 100
    """Learning rates to try, each for one step."""


class SearchSpec(_Spec, frozen=True, kw_only=True, tag="search"):
    """Try learning rates and numbers of epochs in short runs that leave nothing, and tell which do best."""

    run: TrainSpec
    """The run it is for; its learning rate, epochs and steps are not used."""
    minutes: Annotated[float, Meta(gt=0, le=1e5)] = 10.0
    """Time for all trials together."""
    learning_rates: tuple[Rate, ...] = ()
    """Rates to try, the likeliest first; five around the run's own when empty."""
    epochs: tuple[Annotated[float, Meta(gt=0, le=1e4)], ...] = (1.0, 2.0, 4.0)
    """Numbers of epochs: all rates are tried for the fewest, the better half of them for the next, and so on."""


class PreflightSpec(_Spec, frozen=True, kw_only=True, tag="preflight"):
    """Try what a training run would take: time and memory, by its longest batch; trains nothing."""

    run: TrainSpec
    """The run that is to be."""


class BaselineSpec(_Spec, frozen=True, kw_only=True, tag="baseline"):
    """Measure what a run's figures will be held against: majority class, checkpoint as it is, its head alone."""

    run: TrainSpec
    """The run that is to be; it says which rows, model, length and metric."""


class EvaluateSpec(_Spec, frozen=True, kw_only=True, tag="evaluate"):
    """Measure a model on labelled rows."""

    model: str
    """Number of a run, or a checkpoint that has a classification head."""
    split: Literal["train", "validation", "test"] = "validation"
    """Rows to measure on."""
    max_rows: Count = 0
    """Measure on so many rows, drawn by `seed`; 0 takes all."""
    seed: Count = 7
    """Seed of that draw."""
    journal_version: int | None = None
    """State of the label journal; the current one when absent."""


class ExportSpec(_Spec, frozen=True, kw_only=True, tag="export"):
    """Export a run to an ONNX bundle and prove it."""

    run: str
    """Number of the training run."""
    variants: tuple[Variant, ...] = ("fp32", "int8")
    """Which files to make; fp32 is always made and proved first."""
    proof_rows: Positive = 256
    """Validation rows on which ONNX is compared with torch."""


class FetchSpec(_Spec, frozen=True, kw_only=True, tag="fetch"):
    """Fetch a model from the Hub into the Hugging Face cache."""

    model: str
    """Hub id, as in `distilbert/distilbert-base-uncased`."""
    revision: str = "main"
    """Branch, tag or commit."""


class SuspectsSpec(_Spec, frozen=True, kw_only=True, tag="suspects"):
    """Find rows whose label is probably wrong."""

    model: str = ""
    """Its embeddings are used; the workspace's chosen model when empty, else the bundled one."""
    folds: Annotated[int, Meta(ge=2, le=20)] = 5
    """Each row is judged by a head that learned from the other folds."""
    max_fit_rows: Count = 60_000
    """A head learns from so many rows at most, drawn by class; 0 takes all. All rows are judged."""
    seed: Count = 7
    """Seed of folds and draws."""
    journal_version: int | None = None
    """State of the labels that are judged; the current one when absent."""


class GainSpec(_Spec, frozen=True, kw_only=True, tag="gain"):
    """Measure what relabelling brought: the same head, learned from the labels before and from the labels now."""

    model: str = ""
    """Its embeddings are used; the workspace's chosen model when empty, else the bundled one."""
    before: Count = 0
    """State of the label journal to compare with; 0 is the source's labels."""
    resamples: Annotated[int, Meta(ge=100)] = 1000
    """Draws of the bootstrap."""
    max_fit_rows: Count = 60_000
    """The heads learn from so many rows at most; 0 takes all."""
    seed: Count = 7
    """Seed of draws."""
    journal_version: int | None = None
    """State of the labels now; the current one when absent."""


JobSpec: TypeAlias = (
    ImportSpec
    | TrainSpec
    | LrFindSpec
    | SearchSpec
    | PreflightSpec
    | BaselineSpec
    | EvaluateSpec
    | ExportSpec
    | FetchSpec
    | SuspectsSpec
    | GainSpec
)
KINDS: dict[str, type[JobSpec]] = {
    str(struct.__struct_config__.tag): struct
    for struct in (
        ImportSpec,
        TrainSpec,
        LrFindSpec,
        SearchSpec,
        PreflightSpec,
        BaselineSpec,
        EvaluateSpec,
        ExportSpec,
        FetchSpec,
        SuspectsSpec,
        GainSpec,
    )
}
