"""`train --check`: what a run would do, told before it is started."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tlworkbench.cli.output import emit, table
from tlworkbench.cli.running import run_job
from tlworkbench.errors import UserError
from tlworkbench.jobs.queue import at_work
from tlworkbench.jobs.spec import PreflightSpec, TrainSpec
from tlworkbench.workspace import Workspace

if TYPE_CHECKING:
    from tlworkbench.preflight.facts import Facts

_CLASSES = 30
"""Classes that people are shown; JSON holds them all."""


def tell_ahead(workspace: Workspace, spec: TrainSpec, as_json: bool) -> int:
    """Print it; the exit status: 1 where the run would be refused."""
    from tlworkbench.preflight.ahead import LookAhead

    facts = LookAhead(workspace).at(spec)
    if not facts.refused:
        facts = _tried(workspace, spec, facts)
    result: dict[str, Any] = {"refused": facts.refused, **msgspec.to_builtins(facts)}
    emit(result, as_json, lambda: _lines(facts))
    return int(facts.refused)


def _tried(workspace: Workspace, spec: TrainSpec, facts: "Facts") -> "Facts":
    from tlworkbench.data.findings import Finding

    running = at_work(workspace.jobs_dir)
    if running:
        return msgspec.structs.replace(facts, not_tried=f"run {running} takes this machine's time and memory")
    try:
        _, result = run_job(workspace, PreflightSpec(run=spec), Path(spec.model).name)
    except UserError as error:
        return facts.with_refusal(Finding.refusal(error))
    if result["status"] != "done":
        return msgspec.structs.replace(facts, not_tried="it was stopped")
    return facts.with_trial(result)


def _lines(facts: "Facts") -> list[str]:
    from tlworkbench.preflight.words import measures, verdict

    classes = [(one.name, f"{one.train:,}", f"{one.validation:,}") for one in facts.classes[:_CLASSES]]
    rows = [*classes, ("in all", f"{facts.train_rows:,}", f"{facts.validation_rows:,}")]
    lines = table(
        ("class", "train", "validation"), [tuple(cell.replace(",", " ") for cell in row) for row in rows], (1, 2)
    )
    if len(facts.classes) > _CLASSES:
        lines.append(f"… and {len(facts.classes) - _CLASSES} more classes")
    lines += ["", *table(("", "", ""), measures(facts), right=(1,))[1:]]
    if facts.not_tried:
        lines.append(f"time and memory were not tried: {facts.not_tried}")
    lines.append("")
    for finding in facts.findings:
        mark = {"refusal": "✗", "warning": "!", "info": "·"}[finding.level]
        lines.append(f"{mark} {finding.text}")
        if finding.hint:
            lines.append(f"  {finding.hint}")
    return [*lines, verdict(facts)]
