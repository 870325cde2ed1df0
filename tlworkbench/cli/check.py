"""`check`: what is wrong with the dataset, and putting it right."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from tlworkbench.cli.output import ProgressLine, emit, json_option, table
from tlworkbench.cli.running import workspace_of
from tlworkbench.errors import UserError, nearest

if TYPE_CHECKING:
    from tlworkbench.data.checks.found import Found
    from tlworkbench.data.checks.subject import Subject, TextLengths
    from tlworkbench.data.checks.table import Check
    from tlworkbench.workspace import Workspace

_SAMPLE = 10
"""Keys of rows told for each check."""
_BAR = 24
_LONGEST_NAME = 24
_CLASSES = 30
"""Classes that people are shown; JSON holds them all."""


@click.command()
@click.option("--check", "names", multiple=True, metavar="NAME", help="Look for this only; may be given several times.")
@click.option(
    "--fix",
    type=click.Choice(["duplicates", "leaks", "near_leaks"]),
    help="First give all copies of a text their majority's label, or take leaks out of training; one edit, undoable.",
)
@json_option
@click.pass_context
def check(context: click.Context, names: tuple[str, ...], fix: str | None, as_json: bool) -> None:
    """Look for empty texts, duplicates, conflicts, leaks, rare classes, damaged texts and truncation."""
    from tlworkbench.data.checks.subject import Subject, TextFacts
    from tlworkbench.data.checks.table import run_checks
    from tlworkbench.data.labelling import Labelling

    chosen = _chosen(names)
    workspace = workspace_of(context)
    rows = workspace.rows()
    with workspace.journal(rows) as journal:
        labelling = Labelling(rows, journal)
        facts = TextFacts(rows)
        fixed = _fix(fix, Subject.of(facts, labelling), journal) if fix else None
        labelling.refresh()
        subject = Subject.of(facts, labelling)
    line = ProgressLine()
    if any(check.id == "too_long" for check in chosen):
        line.show("counting tokens …")
        subject = _with_lengths(subject, workspace)
    found = []
    for outcome in run_checks(subject, chosen):
        found.append(outcome)
        line.show(f"{len(found)} of {len(chosen)} checks …")
    line.clear()
    found.sort(key=lambda outcome: chosen.index(outcome[0]))
    result = _result(subject, found, fixed)
    emit(result, as_json, lambda: _lines(workspace.name, result, found))


def _chosen(names: tuple[str, ...]) -> "tuple[Check, ...]":
    from tlworkbench.data.checks.table import BY_ID, CHECKS

    for name in names:
        if name not in BY_ID:
            raise UserError(f"there is no check '{name}'", f"{nearest(name, BY_ID)} There are: {', '.join(BY_ID)}.")
    return tuple(check for check in CHECKS if check.id in names) if names else CHECKS


def _fix(what: str, subject: "Subject", journal: Any) -> dict[str, Any]:
    from tlworkbench.data.checks.fixes import leave_training, majority, take_majority

    if what != "duplicates":
        edit = leave_training(subject, journal, near=what == "near_leaks")
        return {"fix": what, "rows": edit.rows if edit else 0, "edit": edit.text if edit else "", "ties": 0}
    plan = majority(subject)
    edit = take_majority(subject, journal, plan)
    return {"fix": what, "rows": edit.rows if edit else 0, "edit": edit.text if edit else "", "ties": plan.ties}


def _with_lengths(subject: "Subject", workspace: "Workspace") -> "Subject":
    import dataclasses

    from tlworkbench.catalog.resolve import resolve_model
    from tlworkbench.data.checks.lengths import measure
    from tlworkbench.inference.text_limit import effective_length, folder_limit
    from tlworkbench.inference.token_lengths import TokenCounter

    model = workspace.info.model
    try:
        folder = resolve_model(model, workspace.jobs_dir)
        lengths = measure(subject.facts, TokenCounter(folder), effective_length(0, folder_limit(folder)), model)
    except UserError as error:
        # What can't be measured is said in its place; the other checks need no model.
        return dataclasses.replace(subject, why_no_lengths=error.what)
    return subject.measured(lengths)


def _result(subject: "Subject", found: "Iterable[tuple[Check, Found]]", fixed: dict[str, Any] | None) -> dict[str, Any]:
    from tlworkbench.data.rows import key_text

    keys = subject.rows.keys
    checks = {
        check.id: {
            "count": outcome.count,
            "unit": check.unit,
            "severity": check.severity,
            "words": outcome.words,
            "rows": len(outcome.rows),
            "keys": [key_text(int(key)) for key in keys[outcome.rows[:_SAMPLE]].tolist()],
        }
        for check, outcome in found
    }
    total = subject.counts().tolist()
    splits = {split: subject.counts(split).tolist() for split in subject.rows.meta.splits}
    classes = [
        {"label": name, "rows": total[place], "splits": {split: counts[place] for split, counts in splits.items()}}
        for place, name in enumerate(subject.label_set.names)
    ]
    return {
        "rows": len(subject.rows),
        "excluded": int(subject.excluded.sum()),
        "checks": checks,
        "classes": classes,
        "lengths": _lengths(subject.lengths),
        "fixed": fixed,
    }


def _lengths(lengths: "TextLengths | None") -> dict[str, Any] | None:
    from tlworkbench.data.checks.lengths import histogram, in_words

    if lengths is None:
        return None
    over = int((lengths.tokens > lengths.limit).sum())
    return {
        "model": lengths.model,
        "limit": lengths.limit,
        "measured": len(lengths.rows),
        "over": over,
        "share_over": over / max(len(lengths.rows), 1),
        "words": in_words(lengths),
        "histogram": [{"from": part.first, "to": part.last, "rows": part.rows} for part in histogram(lengths)],
    }


def _lines(workspace: str, result: dict[str, Any], found: "list[tuple[Check, Found]]") -> list[str]:
    from tlworkbench.data.checks.table import MANY
    from tlworkbench.tui.text import counted, thousands

    lines = [_fixed_words(result["fixed"]), ""] if result["fixed"] else []
    out = f", {thousands(result['excluded'])} of them excluded and not looked at" if result["excluded"] else ""
    lines.append(f"{workspace}: {counted(result['rows'], 'row')}{out}")
    there = [
        (thousands(outcome.count), check.unit if outcome.count == 1 else MANY[check.unit], check.title, outcome.words)
        for check, outcome in found
        if outcome.count
    ]
    if there:
        lines += ["", *table(("found", "", "", ""), there, right=(0,))]
    clear = [check.title for check, outcome in found if outcome.count == 0]
    if clear:
        lines += ["", *_wrapped("not found: ", clear)]
    lines += [f"not looked at: {check.title} ({outcome.words})" for check, outcome in found if outcome.count is None]
    shown = {check.id for check, _ in found}
    if shown & {"rare", "unmeasured", "uneven"}:
        lines += ["", *_class_lines(result)]
    if result["lengths"] and result["lengths"]["histogram"]:
        lines += ["", *_length_lines(result["lengths"])]
    advice = [
        f"{check.title}: {check.advice}" for check, outcome in found if outcome.count and check.severity != "note"
    ]
    return [*lines, *(["", *advice] if advice else [])]


def _fixed_words(fixed: dict[str, Any]) -> str:
    done = f"done: {fixed['edit']} (labels undo takes it back)" if fixed["rows"] else "there was nothing to put right"
    ties = fixed["ties"]
    left = f"{ties} {'text has' if ties == 1 else 'texts have'} no majority and stay as they are" if ties else ""
    return "; ".join(part for part in (done, left) if part)


def _wrapped(head: str, titles: list[str]) -> list[str]:
    import textwrap

    return textwrap.wrap(head + ", ".join(titles), 100, subsequent_indent=" " * len(head))


def _class_lines(result: dict[str, Any]) -> list[str]:
    from tlworkbench.tui.text import bar, clean, cut, percent, thousands

    classes = result["classes"]
    if not classes:
        return ["there are no labels yet"]
    most = max(max(entry["rows"] for entry in classes), 1)
    total = max(sum(entry["rows"] for entry in classes), 1)
    splits = [name for name in classes[0]["splits"] if any(entry["splits"][name] for entry in classes)]
    rows = [
        (
            cut(clean(entry["label"]), _LONGEST_NAME),
            thousands(entry["rows"]),
            percent(entry["rows"] / total),
            "".join(bar(entry["rows"] / most, _BAR)),
            *(thousands(entry["splits"][split]) for split in splits),
        )
        for entry in sorted(classes, key=lambda entry: -entry["rows"] if len(classes) > _CLASSES else 0)[:_CLASSES]
    ]
    more = [f"and {len(classes) - _CLASSES} smaller ones"] if len(classes) > _CLASSES else []
    return table(("class", "rows", "", "", *splits), rows, right=(1, 2, *range(4, 4 + len(splits)))) + more


def _length_lines(lengths: dict[str, Any]) -> list[str]:
    from tlworkbench.tui.text import bar, percent, thousands

    most = max(max(part["rows"] for part in lengths["histogram"]), 1)
    rows = [
        (
            f"{part['from']}–{part['to']}",
            thousands(part["rows"]),
            percent(part["rows"] / lengths["measured"]),
            "".join(bar(part["rows"] / most, _BAR)),
            "cut" if part["from"] > lengths["limit"] else "",
        )
        for part in lengths["histogram"]
    ]
    head = f"{lengths['model']} reads {lengths['limit']} tokens of a text; {lengths['words']}"
    return [head, *table(("tokens", "texts", "", "", ""), rows, right=(0, 1, 2))]
