"""Exit statuses, error words, and the one JSON object."""

import json
from collections.abc import Callable

import pytest

from tlworkbench.cli.main import COMMANDS, main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process: status, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        captured = capsys.readouterr()
        return int(str(ended.value.code)), captured.out, captured.err

    return run


def test_every_command_explains_itself(run: Run) -> None:
    status, out, _ = run("--help")
    assert status == 0
    assert [name for name in COMMANDS if f"\n  {name} " not in out] == []
    for name in COMMANDS:
        status, out, _ = run(name, "--help")
        assert status == 0 and "--json" in out, name


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("trian",), "No such command 'trian'"),
        (("train", "--strategy", "magic"), "magic"),
        (("predict",), "there is nothing to predict"),
        (("predict", "--file", "x.csv"), "--file and --out go together"),
        (("open",), "Missing argument 'SOURCE'"),
    ],
)
def test_wrong_usage_is_status_2(run: Run, arguments: tuple[str, ...], what: str) -> None:
    status, out, err = run(*arguments)
    assert status == 2 and what in err and out == ""


def test_what_failed_is_status_1_and_says_what_to_do(run: Run) -> None:
    status, out, err = run("train")
    assert (status, out) == (1, "")
    assert err.splitlines() == [
        "tlworkbench: no workspace was opened yet",
        "Open a dataset: tlworkbench open SOURCE, or try: tlworkbench demo.",
    ]


def test_with_json_an_error_is_one_object_on_stdout(run: Run) -> None:
    status, out, err = run("-w", "nowhere", "runs", "--json")
    assert status == 1 and "there is no workspace 'nowhere'" in err
    assert json.loads(out) == {
        "error": "there is no workspace 'nowhere'",
        "hint": "Open a dataset into it. There are: none yet.",
    }


def test_the_screen_without_a_terminal_says_so(run: Run) -> None:
    status, _, err = run()
    assert status == 1 and "the screen needs a terminal" in err


def test_control_characters_of_an_argument_do_not_reach_the_terminal(run: Run) -> None:
    status, _, err = run("-w", "a\x1b[2Jb", "runs")
    assert status == 1 and "\x1b" not in err


def test_doctor_has_one_entry_a_check(run: Run) -> None:
    status, out, _ = run("doctor", "--json")
    checks = json.loads(out)["checks"]
    assert status == 0
    assert [check["name"] for check in checks] == [
        "terminal",
        "GPU",
        "libraries",
        "bundled",
        "Hub cache",
        "settings",
        "disk",
    ]
    assert {check["status"] for check in checks} <= {"ok", "warning", "failed"}


def test_the_help_of_train_lists_what_can_be_set(run: Run) -> None:
    from tlworkbench.jobs.spec import TrainSpec

    _, shown, _ = run("train", "--help")
    words = set(shown.split())
    assert [name for name in TrainSpec.__struct_fields__ if name not in words] == []
    assert "[linear]" in shown
