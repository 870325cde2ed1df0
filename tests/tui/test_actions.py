"""The table of actions holds together, and so does what is made of it."""

import re
from collections.abc import Iterator

import pytest
from textual.binding import Binding

from tlworkbench.errors import UserError
from tlworkbench.tui import actions
from tlworkbench.tui.actions import ACTIONS, SCOPES
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.keymap import NAMED, keymap
from tlworkbench.tui.screens.base import WorkbenchScreen
from tlworkbench.tui.screens.checks import ChecksDialog
from tlworkbench.tui.screens.dialog import Dialog
from tlworkbench.tui.screens.label_set import LabelSetDialog
from tlworkbench.tui.screens.train_start import StartRun


def _screens() -> Iterator[tuple[str, type[object]]]:
    yield "app", Workbench
    yield "dialog", Dialog
    yield "labels", LabelSetDialog
    yield "checks", ChecksDialog
    yield "form", StartRun
    for mode, make in Workbench.MODES.items():
        assert callable(make)
        yield mode, type(make())


def test_ids_are_unique_and_of_a_known_scope() -> None:
    ids = [action.id for action in ACTIONS]
    assert len(set(ids)) == len(ids)
    assert {action.scope for action in ACTIONS} <= set(SCOPES)


@pytest.mark.parametrize("scope", ["models", "data", "train", "predict"])
def test_no_key_does_two_things_on_a_screen(scope: str) -> None:
    keys = [key for action in (*actions.in_scope("app"), *actions.in_scope(scope)) for key in action.keys]
    assert sorted(keys) == sorted(set(keys))


def test_every_action_has_its_method_and_every_screen_its_bindings() -> None:
    missing = [
        action.id
        for scope, screen in _screens()
        for action in actions.in_scope(scope)
        if not hasattr(screen, f"action_{action.name}") or action.id not in _bound(screen)
    ]
    assert missing == []


def _bound(screen: type[object]) -> set[str | None]:
    return {binding.id for binding in getattr(screen, "BINDINGS", []) if isinstance(binding, Binding)}


def test_screens_have_a_scope_and_words_for_their_actions() -> None:
    for mode, screen in list(_screens())[5:]:
        assert issubclass(screen, WorkbenchScreen) and mode == screen.SCOPE
    for action in ACTIONS:
        assert action.label and action.help.endswith(".") and len(action.label) <= 20


def test_every_key_reaches_every_terminal() -> None:
    for action in ACTIONS:
        for key in action.keys:
            assert not re.fullmatch(r"f\d+|alt\+.*|.*ctrl\+(shift\+.*|[ijmhsqzab]|enter)|[!\"@#$%^&*()]", key), (
                action.id
            )
            assert len(key) == 1 or key in (*NAMED, "shift+tab") or re.fullmatch(r"ctrl\+[a-z]", key)


def test_digits_belong_to_labels() -> None:
    with_digits = [action.id for action in ACTIONS if any(key.isdecimal() for key in action.keys)]
    # Train has no labels to give.
    assert with_digits == ["data.label", "train.whole_curve", "compare.whole_curve"]


def test_other_keys_can_be_given() -> None:
    assert keymap({"data.undo": "U, ctrl+u", "app.keys": "!"}) == {
        "data.undo": "U,ctrl+u",
        "app.keys": "exclamation_mark",
    }


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"data.undoo": "U"}, "no action 'data.undoo'"),
        ({"data.undo": "x"}, "'x' would do both 'data.undo' and 'data.exclude'"),
        ({"data.undo": "g"}, "'g' would do both 'app.go' and 'data.undo'"),
        ({"app.go": "u"}, "'u' would do both 'app.go' and 'data.undo'"),
        ({"data.undo": "ctrl+i"}, "can't tell 'ctrl+i' from tab"),
        ({"data.undo": "wobble"}, "'wobble' of 'data.undo' is no key"),
        ({"data.undo": ""}, "'' of 'data.undo' is no key"),
        ({"data.undo": "5"}, "is a digit"),
        ({"data.label": "a"}, "can't be changed"),
    ],
)
def test_a_wrong_key_is_named(changes: dict[str, str], what: str) -> None:
    with pytest.raises(UserError, match=re.escape(what)) as raised:
        keymap(changes)
    assert raised.value.hint


def test_the_nearest_action_is_offered() -> None:
    with pytest.raises(UserError) as raised:
        keymap({"data.undoo": "U"})
    assert raised.value.hint == "Did you mean 'data.undo'?"


def test_two_screens_may_use_the_same_key() -> None:
    assert keymap({"train.stop": "Q", "data.undo": "Q"})


def test_the_readmes_table_names_every_key() -> None:
    table = actions.key_table_markdown()
    for action in ACTIONS:
        assert f"| `{actions.shown(action.keys)}` | {action.help} |" in table
