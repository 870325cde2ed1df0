"""Figures beside one another, and the settings in which runs differ."""

import json

import pytest
from click.testing import CliRunner

from tests.made_runs import MakeRun
from tlworkbench.cli.main import cli
from tlworkbench.comparison.compare import Comparer
from tlworkbench.comparison.results import FIGURES, RunResult, best, change, class_figures, result_of
from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.follow import read_run
from tlworkbench.workspace import Workspace


def results(dataset: Workspace, *jobs: JobFolder) -> list[RunResult]:
    files = Comparer(dataset).compare(jobs).files
    return [result_of(one, read_run(one.job), now=2000.0) for one in files]


def test_figures_and_their_differences(dataset: Workspace, make_run: MakeRun) -> None:
    first, second = results(dataset, make_run(wrong=(0, 1, 2)), make_run(steps=6))
    assert (first.macro_f1, second.macro_f1, second.steps, second.seconds) == (0.5, 1.0, 6, 12.0)
    assert (first.train_rows, first.validation_rows, first.best_epoch) == (12, 6, 2.0)
    assert change(second, first, FIGURES[0].of) == 0.5
    tops = {figure.title: best([first, second], figure, True) for figure in (*FIGURES, *class_figures([first]))}
    assert tops["macro-F1"] == tops["loss"] == tops["F1 good"] == {"0002"} and tops["time"] == {"0001"}
    assert tops["examples/s"] == frozenset()
    assert best([first, second], FIGURES[0], False) == frozenset() and best([first, second], FIGURES[3], False)


@pytest.mark.parametrize("status", ["running", "stopped", "queued"])
def test_a_run_that_is_not_done_shows_what_it_has(dataset: Workspace, make_run: MakeRun, status: str) -> None:
    found = results(dataset, make_run(), make_run(status=status))[1]
    assert found.status == ("stalled" if status == "running" else status)
    assert found.macro_f1 == 1.0 and found.int8 is None


def test_only_settings_that_differ_are_told(dataset: Workspace, make_run: MakeRun) -> None:
    jobs = make_run(), make_run(learning_rate=3e-5, class_weights={"bad": 2.0}), make_run(balanced_sampler=True)
    found = {setting.name: (setting.default, setting.values) for setting in Comparer(dataset).compare(jobs).settings}
    assert found == {
        "learning_rate": ("1e-4", ("1e-4", "3e-5", "1e-4")),
        "class_weights": ("none", ("none", "bad = 2", "none")),
        "balanced_sampler": ("false", ("false", "false", "true")),
    }


def test_the_command_tells_the_same_figures(dataset: Workspace, make_run: MakeRun) -> None:
    make_run(wrong=(0, 1, 2)), make_run(steps=6, seed=8)
    run = CliRunner()
    told = run.invoke(cli, ["-w", "compared", "runs", "--compare", "2", "1", "--json"])
    read = json.loads(told.stdout)
    assert [one["run"] for one in read["runs"]] == ["0002", "0001"]
    assert read["runs"][0]["difference"] is None and read["runs"][1]["difference"]["macro_f1"] == -0.5
    assert read["best"]["macro_f1"] == ["0002"] and read["settings"][0]["values"] == ["8", "7"]
    answers = read["pairs"][0]["answers"]
    assert (answers["only_reference_right"]["count"], len(answers["only_reference_right"]["keys"])) == (3, 3)
    lines = run.invoke(cli, ["-w", "compared", "runs", "--compare"]).stdout.splitlines()
    assert any(line.startswith("macro-F1") and "0.500" in line and "1.000 +0.500 *" in line for line in lines)
    assert any("3  0002 right, 0001 wrong" in line for line in lines)


def test_the_command_asks_for_compare_where_runs_are_named(dataset: Workspace, make_run: MakeRun) -> None:
    make_run()
    told = CliRunner().invoke(cli, ["-w", "compared", "runs", "1"])
    assert told.exit_code == 2 and "--compare" in told.output
