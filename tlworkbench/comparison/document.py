"""A comparison as one JSON object: what `tlworkbench runs --compare --json` prints."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tlworkbench.comparison.answers import SharedAnswers
from tlworkbench.comparison.compare import Comparison
from tlworkbench.comparison.pair import Pair
from tlworkbench.comparison.results import FIGURES, RunResult, best, change
from tlworkbench.comparison.row_sets import Keys
from tlworkbench.comparison.settings import Setting
from tlworkbench.comparison.training_rows import RowChanges, RowGroup
from tlworkbench.data.rows import key_text

_SAMPLE = 5
"""Keys given of a group of rows."""


def document(comparison: Comparison, results: Sequence[RunResult]) -> dict[str, Any]:
    """Runs with their differences to the first, settings, and each pair's rows and answers."""
    return {
        "runs": [
            {**msgspec.to_builtins(run), "difference": _differences(run, results[0]) if number else None}
            for number, run in enumerate(results)
        ],
        "best": {figure.name: sorted(best(results, figure, comparison.comparable)) for figure in FIGURES},
        "settings": list(map(_setting, comparison.settings)),
        "machine": list(map(_setting, comparison.machines)),
        "pairs": list(map(_pair, comparison.pairs)),
    }


def _differences(run: RunResult, reference: RunResult) -> dict[str, Any]:
    shared = [name for name in reference.per_class if name in run.per_class]
    return {
        **{figure.name: change(run, reference, figure.of) for figure in FIGURES},
        "per_class": {name: run.per_class[name] - reference.per_class[name] for name in shared},
    }


def _setting(setting: Setting) -> dict[str, Any]:
    return {"name": setting.name, "default": setting.default, "values": setting.values}


def _pair(pair: Pair) -> dict[str, Any]:
    rows = pair.validation
    return {
        "reference": pair.reference,
        "run": pair.run,
        "validation": {
            "rows": [rows.first, rows.second],
            "shared": rows.shared,
            "relabelled": rows.relabelled,
            "comparable": rows.same,
        }
        if rows is not None
        else None,
        "answers": _answers(pair.answers) if pair.answers is not None else None,
        "no_answers": pair.no_answers,
        "training": _changes(pair.changes) if pair.changes is not None else None,
        "problems": pair.problems,
    }


def _answers(answers: SharedAnswers) -> dict[str, Any]:
    return {
        "rows": answers.rows,
        "relabelled": answers.relabelled,
        "accuracy": answers.accuracy,
        "macro_f1": answers.macro_f1,
        "both_right": answers.both_right,
        "only_reference_right": _rows(answers.only_first),
        "only_run_right": _rows(answers.only_second),
        "both_wrong": _rows(answers.both_wrong),
        "p_value": answers.p_value,
    }


def _changes(changes: RowChanges) -> dict[str, Any]:
    return {
        "shared": changes.shared,
        "removed": list(map(_group, changes.removed)),
        "added": list(map(_group, changes.added)),
        "relabelled": [{"from": one.before, "to": one.after, **_rows(one.keys)} for one in changes.relabelled],
        "renamed": [{"from": before, "to": after} for before, after in changes.renamed],
    }


def _group(group: RowGroup) -> dict[str, Any]:
    return {"why": group.words, **_rows(group.keys)}


def _rows(keys: Keys) -> dict[str, Any]:
    return {"count": len(keys), "keys": [key_text(int(key)) for key in keys[:_SAMPLE]]}
