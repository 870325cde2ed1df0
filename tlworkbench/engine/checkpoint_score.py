"""A checkpoint that classifies, measured as it is on labelled texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tlworkbench.engine.context import JobContext
from tlworkbench.engine.label_matching import Matched
from tlworkbench.engine.model_folder import load_trained
from tlworkbench.engine.plan import set_up_libraries
from tlworkbench.engine.precision import Precision, choose_precision
from tlworkbench.engine.run_record import MAX_LENGTH_KEY, read_record
from tlworkbench.engine.scored import Scored
from tlworkbench.engine.scoring import score
from tlworkbench.engine.stopping import telling
from tlworkbench.engine.windows import saved_windows, tokenised
from tlworkbench.inference.text_limit import effective_length


@dataclass(frozen=True)
class CheckpointScore:
    """Its answers and what they are worth, and the numbers it was computed with."""

    scored: Scored
    precision: Precision


def score_checkpoint(
    context: JobContext,
    folder: Path,
    shown_as: str,
    texts: Sequence[str],
    matched: Matched,
    precision: Literal["auto"] | Precision,
    what: str,
) -> CheckpointScore:
    """Answer `texts` and compare with `matched.classes`; texts are read as the checkpoint's own were.

    what: how progress calls it. Raises UserError for what can't be loaded, Stopped when the job is asked to stop.
    """
    device = set_up_libraries()
    chosen = choose_precision(precision, device)
    classifier = load_trained(folder, shown_as)
    max_length = effective_length(getattr(classifier.model.config, MAX_LENGTH_KEY, 0), classifier.limit)
    windows = saved_windows(classifier, max_length, shown_as)
    told = telling(context, "tokenising", len(texts))
    ready = tokenised(classifier.tokenizer, texts, max_length, windows, told, context.note)
    told = telling(context, what, len(texts))
    scored = score(classifier.model.to(device), ready, matched.classes, matched.names, chosen, told)
    return CheckpointScore(scored, chosen)


def precision_of(folder: Path) -> Literal["auto"] | Precision:
    """The numbers a run's own figures were computed with, so that measuring it again gives the same; else `auto`.

    fp16 is none of them: it may have been another machine's GPU that had it.
    """
    record = read_record(folder.parent)
    known: dict[str, Precision] = {"fp32": "fp32", "bf16": "bf16"}
    return known.get(record.precision, "auto") if record is not None else "auto"
