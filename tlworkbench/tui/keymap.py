"""Keys that the user chose in `settings.toml`, checked: Textual itself drops an action whose key another one takes."""

from collections.abc import Mapping

from tlworkbench.errors import UserError, nearest
from tlworkbench.tui.actions import BY_ID, SCOPES, in_scope, textual_keys

_UNUSABLE = {"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+j": "enter", "ctrl+h": "backspace"}
NAMED = {
    "space", "enter", "escape", "tab", "backspace", "delete", "insert",
    "up", "down", "left", "right", "home", "end", "pageup", "pagedown",
}  # fmt: skip


def keymap(changes: Mapping[str, str]) -> dict[str, str]:
    """Check the keys of `settings.toml` and return them as Textual's keymap.

    Raises UserError for an unknown action, for a key that no terminal sends, and for two actions on one key.
    """
    wanted: dict[str, tuple[str, ...]] = {}
    for action_id, text in changes.items():
        action = BY_ID.get(action_id)
        if action is None:
            raise UserError(f"settings.toml, keys: there is no action '{action_id}'", nearest(action_id, BY_ID))
        if action.argument:
            raise UserError(
                f"settings.toml, keys: the keys of '{action_id}' can't be changed", "Digits belong to labels."
            )
        keys = tuple(key.strip() for key in text.split(",")) if text != "," else (",",)
        for key in keys:
            _check_key(action_id, key)
        wanted[action_id] = keys
    _check_clashes(wanted)
    return {action_id: textual_keys(keys) for action_id, keys in wanted.items()}


def _check_key(action_id: str, key: str) -> None:
    base = key.rpartition("+")[2] if len(key) > 1 else key
    known = len(base) == 1 or base in NAMED or (base.startswith("f") and base[1:].isdecimal())
    if not key or not known:
        raise UserError(
            f"settings.toml, keys: '{key}' of '{action_id}' is no key", "Write it as in u, U, ?, ctrl+r, space or f5."
        )
    if key in _UNUSABLE:
        raise UserError(
            f"settings.toml, keys: a terminal can't tell '{key}' from {_UNUSABLE[key]}",
            f"Give '{action_id}' another key.",
        )
    if key.isdecimal():
        raise UserError(f"settings.toml, keys: '{key}' of '{action_id}' is a digit", "Digits belong to labels.")


def _check_clashes(wanted: Mapping[str, tuple[str, ...]]) -> None:
    for scope in SCOPES:
        # The keys of the whole program work on every screen, so a screen's own must differ from them too.
        alone = scope in ("app", "dialog", "form", "filter", "labels", "checks")
        actions = in_scope(scope) if alone else (*in_scope("app"), *in_scope(scope))
        owner: dict[str, str] = {}
        for action in actions:
            for key in wanted.get(action.id, action.keys):
                if key in owner:
                    raise UserError(
                        f"settings.toml, keys: '{key}' would do both '{owner[key]}' and '{action.id}'",
                        "Give one of them another key.",
                    )
                owner[key] = action.id
