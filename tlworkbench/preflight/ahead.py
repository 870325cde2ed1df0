"""Looking ahead at a run: all that can be told of it without loading a model."""

import contextlib
import threading
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tlworkbench.catalog.resolve import resolve_model
from tlworkbench.data.checks.repeats import conflicts, leaks
from tlworkbench.data.checks.subject import Subject, TextFacts
from tlworkbench.data.findings import Finding
from tlworkbench.data.labelling import Labelling
from tlworkbench.data.rows import Rows
from tlworkbench.data.trainable import TrainingRows, counted, draw_training_rows, judge
from tlworkbench.errors import UserError
from tlworkbench.inference.text_limit import effective_length, folder_limit
from tlworkbench.inference.token_lengths import TokenCounter
from tlworkbench.jobs.checkpoint_space import CheckpointSpace
from tlworkbench.jobs.devices import Devices, processes
from tlworkbench.jobs.spec import TrainSpec
from tlworkbench.preflight.facts import ClassRows, Facts
from tlworkbench.preflight.model_size import learning, model_size
from tlworkbench.preflight.reading import reading
from tlworkbench.workspace import Workspace

SAMPLE = 2000
"""Training texts whose tokens are counted."""
_ORDER = {"refusal": 0, "warning": 1, "info": 2}


class LookAhead:
    """Looks at runs on one workspace; what only the texts decide is found out once. For any thread."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._texts: TextFacts | None = None
        self._counter: tuple[Path, TokenCounter] | None = None
        self._one_at_a_time = threading.Lock()

    def at(self, spec: TrainSpec) -> Facts:
        """What a run with these settings would do; raises UserError where there is no dataset or it can't be read."""
        with self._one_at_a_time:
            return self._look(spec)

    def _look(self, spec: TrainSpec) -> Facts:
        texts = self._texts = self._texts or TextFacts(self._workspace.rows())
        rows = texts.rows
        with self._workspace.journal(rows) as journal:
            version = spec.journal_version
            now = version is None or version == journal.version
            labelling = Labelling(rows, journal) if now else Labelling.at(rows, journal, version or 0)
            drawn = draw_training_rows(rows, labelling, spec.max_train_rows, spec.max_eval_rows, spec.seed)
            subject = Subject.of(texts, labelling)
        train, validation = drawn.counts()
        parts = (drawn.train, drawn.validation)
        many = len(drawn.train.indices)
        facts = Facts(
            model=spec.model,
            classes=tuple(map(ClassRows, drawn.names, train, validation)),
            train_rows=many,
            validation_rows=len(drawn.validation.indices),
            usable_rows=drawn.usable_rows,
            unlabelled=sum(part.unlabelled for part in parts),
            excluded=sum(part.excluded for part in parts),
            empty=sum(part.empty for part in parts),
            steps=spec.total_steps(many) if many else 0,
            steps_per_epoch=spec.steps_per_epoch(many),
            epochs=spec.total_steps(many) / spec.steps_per_epoch(many) if many and spec.steps else spec.epochs,
            rows_a_step=spec.rows_a_step,
            findings=(*_devices(spec), *judge(drawn, spec.class_weights), *repeats(subject)),
        )
        facts = self._with_model(facts, spec, rows, drawn)
        return msgspec.structs.replace(facts, findings=tuple(sorted(facts.findings, key=lambda one: _ORDER[one.level])))

    def _with_model(self, facts: Facts, spec: TrainSpec, rows: Rows, drawn: TrainingRows) -> Facts:
        try:
            folder = resolve_model(spec.model, self._workspace.jobs_dir)
        except UserError as error:
            return facts.with_refusal(Finding.refusal(error))
        limit = effective_length(spec.max_length, folder_limit(folder))
        try:
            read = reading(*self._lengths(folder, rows, drawn), spec, limit)
        except UserError as error:
            return facts.with_refusal(Finding.refusal(error))
        size = model_size(folder)
        space = CheckpointSpace.of(
            self._workspace.jobs_dir, size.parameters, spec.checkpoint_limit, learning(spec, size, len(drawn.names))
        )
        findings = [read.finding]
        if refusal := space.refusal():
            findings.append(Finding.refusal(refusal))
        elif doubt := space.doubt():
            findings.append(Finding("warning", doubt, "Free some space, or keep fewer: --set checkpoint_limit=1."))
        return msgspec.structs.replace(
            facts,
            max_length=limit,
            truncated=read.truncated,
            measured=read.measured,
            windows=read.windows,
            most_windows=read.most_windows,
            tokens=read.tokens,
            longest=read.longest,
            size=size,
            disk_needed=space.most,
            disk_free=space.free,
            findings=(*facts.findings, *(one for one in findings if one is not None)),
        )

    def _lengths(
        self, folder: Path, rows: Rows, drawn: TrainingRows
    ) -> tuple[np.ndarray[Any, np.dtype[np.int32]], int]:
        """Tokens of a sample of the training texts, none where they can't be counted, and how many each is given."""
        # Drawn rows stand in random order, so the first ones are a fair sample.
        sample = drawn.train.indices[:SAMPLE]
        with contextlib.suppress(UserError):
            if len(sample):
                if self._counter is None or self._counter[0] != folder:
                    self._counter = folder, TokenCounter(folder)
                counter = self._counter[1]
                return counter(rows.texts(np.sort(sample).tolist())), counter.specials
        return np.zeros(0, np.int32), 0


def _devices(spec: TrainSpec) -> list[Finding]:
    refusal = Devices.here().refusal(processes(spec))
    return [Finding.refusal(refusal)] if refusal else []


def repeats(subject: Subject) -> list[Finding]:
    """Doubts about texts that stand with several labels, or in more than one split."""
    found = []
    if count := conflicts(subject).count:
        stands = "text stands" if count == 1 else "texts stand"
        words = f"{count:,} {stands} with different labels: no model can learn both"
        found.append(Finding("warning", words.replace(",", " "), "Look at them in Data: press C."))
    if count := leaks(subject).count:
        stand = "stands" if count == 1 else "stand"
        words = f"{counted(count, 'training row')} {stand} in validation or test too: scores will be too good"
        found.append(Finding("warning", words, "Take them out of training in Data: press C, then t."))
    return found
