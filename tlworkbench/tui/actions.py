"""The one table of actions: bindings, key bar, `?`, palette and README's key table come from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from textual.binding import Binding
from textual.keys import _character_to_key

SCOPES: dict[str, str] = {
    "app": "Everywhere",
    "models": "Models",
    "data": "Data",
    "train": "Train",
    "compare": "Comparison of runs",
    "predict": "Predict",
    "form": "Starting a run",
    "filter": "Filter",
    "labels": "Label set",
    "checks": "Checks",
    "dialog": "Dialogs",
}
"""Where an action works, with the heading it goes under."""


@dataclass(frozen=True)
class Action:
    """Something a key does. `id` is `scope.name`; the screen of that scope has a method `action_<name>`."""

    id: str
    keys: tuple[str, ...]
    """As a person types them: `u`, `?`, `ctrl+r`, `space`."""
    label: str
    """The word in the key bar."""
    help: str
    """A sentence for `?` and the palette."""
    footer: bool = False
    """Whether the key bar shows it; in the order of the table, as far as there is room."""
    argument: bool = False
    """The method takes the key that was pressed; such keys can't be changed."""

    @property
    def scope(self) -> str:
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        return self.id.partition(".")[2]


DIGITS = tuple("1234567890")

ACTIONS: tuple[Action, ...] = (
    # Everywhere
    Action("app.previous", ("[",), "back", "Go to the screen before this one."),
    Action("app.next", ("]",), "on", "Go to the screen after this one."),
    Action("app.go", ("g",), "go to", "Open the small menu of where to go."),
    Action("app.palette", ("ctrl+p",), "palette", "Find anything by its name: actions, themes, places."),
    Action("app.keys", ("?",), "keys", "List the keys that work here; Enter runs one."),
    Action("app.quit", ("q",), "quit", "Leave; a job that runs goes on by itself."),
    Action("app.interrupted", ("ctrl+c",), "how to leave", "Say how to leave."),
    # Models
    Action("models.choose", ("enter",), "choose", "Take this model for the next training run.", footer=True),
    Action("models.filter", ("/",), "filter", "Show only models whose name holds what you type.", footer=True),
    Action("models.add", ("a",), "add", "Fetch a model from the Hub by its id, or add a folder's.", footer=True),
    Action("models.stop", ("x",), "stop fetching", "Stop the fetch that runs; it can be taken up again.", footer=True),
    Action("models.clear", ("escape",), "show all", "Show all models again, and no more errors.", footer=True),
    Action("models.reload", ("r",), "reload", "Look for models again.", footer=True),
    # Data
    Action("data.label", DIGITS, "label + next", "Give the row, or all marked ones, this label.", True, argument=True),
    Action(
        "data.accept", ("a",), "accept", "Give the row the label that is suggested and go to the next.", footer=True
    ),
    Action("data.undo", ("u",), "undo", "Take back the last edit and go to its row.", footer=True),
    Action("data.search", ("/",), "search", "Find rows that hold a text; re: before it means a pattern.", footer=True),
    Action("data.filter", ("F",), "filter", "Show only rows of a label, a split, a mark; they combine.", footer=True),
    Action("data.order", ("o",), "order", "Choose the order: suspicious first, longest first, random.", footer=True),
    Action("data.exclude", ("x",), "exclude", "Leave the row out of training, or take it in again.", footer=True),
    Action("data.flag", ("f",), "flag", "Flag the row for later, or take the flag away.", footer=True),
    Action("data.mark", ("space",), "mark", "Mark the row and go to the next, or take the mark away.", footer=True),
    Action("data.bulk", ("b",), "bulk", "Do the same to all marked rows, or to all that are shown.", footer=True),
    Action("data.suspects", ("S",), "suspects", "Look for labels that are probably wrong, or show them.", footer=True),
    Action("data.labels", ("L",), "labels", "Rename, merge, drop, add and order the labels.", footer=True),
    Action("data.checks", ("C",), "checks", "Look for duplicates, leaks, damaged texts and other faults.", footer=True),
    Action("data.pick", ("l",), "pick label", "Pick a label by typing its first letters.", footer=True),
    Action("data.open", ("i",), "open dataset", "Open a dataset: a file, a folder or a Hub id.", footer=True),
    Action("data.range", ("v",), "range", "Begin a range of marks here, or end it."),
    Action("data.note", ("m",), "note", "Write a note on the row."),
    Action("data.back", ("backspace",), "last decision", "Go back to the row decided last; again, to the one before."),
    Action("data.history", ("h",), "history", "List the edits; Enter goes to the row of one."),
    Action("data.like", ("=",), "like this", "Show the rows most like this one; esc leads back."),
    Action("data.gain", ("G",), "gain", "Measure what the relabelling brought."),
    Action("data.unlabel", ("-",), "no label", "Take the row's label away and go to the next row."),
    Action("data.redo", ("ctrl+r",), "redo", "Make the edit that was taken back again."),
    Action("data.next_match", ("n",), "next match", "Go to the next row that was found."),
    Action("data.previous_match", ("N",), "previous match", "Go to the row found before this one."),
    Action("data.only_found", ("V",), "only found", "Show only the rows that were found, or the others too again."),
    Action("data.again", ("r",), "again", "Look again which rows fit what is shown; until then edited ones stay."),
    Action("data.jump", (":",), "jump", "Go to a row by its number."),
    Action("data.detail", ("d", "enter"), "detail", "Show the whole row, or hide it."),
    Action(
        "data.clear",
        ("escape",),
        "clear",
        "Clear one thing: the marks, only found, the search, the filter, the order, rows shown alone.",
    ),
    Action("data.down", ("down", "j"), "down", "Go to the next row."),
    Action("data.up", ("up", "k"), "up", "Go to the row before."),
    Action("data.page_down", ("pagedown",), "page down", "Go a page down."),
    Action("data.page_up", ("pageup",), "page up", "Go a page up."),
    Action("data.first", ("home",), "first", "Go to the first row."),
    Action("data.last", ("end",), "last", "Go to the last row."),
    # Train
    Action(
        "train.start",
        ("s",),
        "start",
        "Start a training run on the labelled rows; while one runs, queue it.",
        footer=True,
    ),
    Action("train.preflight", ("p",), "preflight", "Tell what a run would do, before it is started.", footer=True),
    Action(
        "train.baselines",
        ("b",),
        "baselines",
        "Measure what a run is held against: majority, the chosen model as it is, its head alone; again stops it.",
    ),
    Action(
        "train.stop",
        ("x",),
        "stop",
        "Stop the run after this step, with a checkpoint, or take it out of the queue.",
        footer=True,
    ),
    Action(
        "train.resume",
        ("r",),
        "resume",
        "Go on with a stopped, lost or interrupted run from its last checkpoint.",
        footer=True,
    ),
    Action("train.export", ("e",), "export", "Export the run to ONNX and prove it against torch.", footer=True),
    Action("train.log", ("l",), "log", "Show what the run printed, or hide it.", footer=True),
    Action("train.config", ("c",), "config", "Show the run's settings and its notes, or hide them.", footer=True),
    Action("train.mark", ("space",), "mark", "Mark the run for the comparison, or take the mark away.", footer=True),
    Action(
        "train.compare",
        ("v",),
        "compare",
        "Compare the marked runs; with none marked this one and the one before it.",
        True,
    ),
    Action("train.next_pane", ("tab",), "next pane", "Go from the curve to the classes, the matrix, the runs.", True),
    Action("train.previous_pane", ("shift+tab",), "pane before", "Go to the pane before this one."),
    Action("train.newer", ("up",), "newer run", "Show the run above."),
    Action("train.older", ("down",), "older run", "Show the run below."),
    Action("train.earlier", ("left",), "earlier step", "Move the curve's cursor back; its values stand in the frame."),
    Action("train.later", ("right",), "later step", "Move the curve's cursor on; past the last step it lets go."),
    Action(
        "train.next_figure", ("m",), "figure", "Show the next figure: metric, learning rate, gradient norm, throughput."
    ),
    Action("train.zoom_in", ("+", "="), "zoom in", "Look at the curve nearer, around the cursor."),
    Action("train.zoom_out", ("-",), "zoom out", "Look at the curve from farther away."),
    Action("train.pan_left", ("<",), "earlier part", "Move the part of the curve that shows to the left."),
    Action("train.pan_right", (">",), "later part", "Move the part of the curve that shows to the right."),
    Action("train.whole_curve", ("0",), "whole curve", "Show the whole curve again."),
    Action(
        "train.smooth",
        ("k",),
        "smooth",
        "Smooth the curves: lightly, strongly, not; the values told stay the logged ones.",
    ),
    Action(
        "train.logarithmic", ("y",), "log scale", "Put the figure on a logarithmic scale, or on a linear one again."
    ),
    Action("train.matrix", ("t",), "matrix", "Go to the largest confusion in the matrix; again, to the next largest."),
    Action("train.open_cell", ("enter",), "rows", "Show the rows of the confusion matrix's cell in Data."),
    Action("train.back", ("escape",), "back", "Go back to the runs and the curve."),
    # Comparison
    Action("compare.next_pane", ("tab",), "next pane", "Go from the curves to results, settings, rows.", footer=True),
    Action("compare.previous_pane", ("shift+tab",), "pane before", "Go to the pane before this one."),
    Action("compare.next_figure", ("m",), "figure", "Show the next figure: losses, metrics.", footer=True),
    Action("compare.next_axis", ("a",), "axis", "Lay the curves by step, by epoch, or by time at work.", footer=True),
    Action(
        "compare.to_rows", ("t",), "differences", "Go to the rows and answers in which the runs differ.", footer=True
    ),
    Action("compare.open_rows", ("enter",), "rows", "Show the rows of this line in Data.", footer=True),
    Action("compare.back", ("escape", "v"), "back", "Go back to the runs.", footer=True),
    # Predict
    Action("predict.edit", ("i", "enter"), "type", "Go to the field; from the history with its text.", footer=True),
    Action("predict.leave", ("escape",), "leave", "Leave the field, so that letters are commands again.", True),
    Action("predict.variant", ("v",), "variant", "Take another variant of the model: fp32, int8.", footer=True),
    Action("predict.file", ("f",), "file", "Predict every row of a file.", footer=True),
    Action("predict.history", ("h",), "history", "Go to what was asked before.", footer=True),
    Action("predict.run", ("r",), "run", "Take another exported run.", footer=True),
    # Starting a run
    Action(
        "form.enter", ("enter",), "start", "Start the run with these settings; unfold a group; go to what was found."
    ),
    Action("form.find", ("/", "ctrl+f"), "find", "Find a setting by a part of its name; a letter does so too."),
    Action("form.turn", ("right", "space"), "choice", "The next choice of a setting; unfold a group."),
    Action("form.turn_back", ("left",), "choice before", "The choice before; fold a group."),
    Action("form.default", ("ctrl+d",), "default", "Put the setting back to its default."),
    Action("form.rate", ("ctrl+l",), "find a rate", "Try rising learning rates and take the one they speak for."),
    Action("form.search", ("ctrl+e",), "search", "Search learning rate and epochs within a time budget."),
    Action("form.down", ("down",), "down", "Go to the next setting."),
    Action("form.up", ("up",), "up", "Go to the setting above."),
    Action("form.page_down", ("pagedown",), "page down", "Go a page down."),
    Action("form.page_up", ("pageup",), "page up", "Go a page up."),
    Action("form.next_group", ("tab",), "next group", "Go to the next group."),
    Action("form.previous_group", ("shift+tab",), "group before", "Go to the group before."),
    # Filter
    Action("filter.turn", tuple("lspefxmdcn"), "change", "Go to the line of this letter and change it.", argument=True),
    Action("filter.apply", ("enter",), "apply", "Show the rows that are left."),
    Action("filter.change", ("space",), "change", "Change the line: the next choice, names by typing, a length."),
    Action("filter.any", ("backspace",), "any", "Take the line's condition away."),
    Action("filter.all", ("a",), "all rows", "Take all conditions away."),
    # Label set
    Action("labels.apply", ("enter",), "apply", "Make all of it happen."),
    Action("labels.rename", ("r",), "rename", "Give the label another name; the name of another one merges the two."),
    Action("labels.merge", ("m",), "merge up", "Merge the label into the one above."),
    Action("labels.drop", ("x",), "drop", "Drop the label; its rows are then without one."),
    Action("labels.add", ("a",), "add", "Add a label."),
    Action("labels.restore", ("u",), "undo", "Leave the label as it is."),
    Action("labels.key", ("k",), "key", "Put the label on another digit, or on none."),
    Action("labels.rules", ("R",), "by rule", "Name and merge labels by rules on the source's values."),
    Action("labels.up", ("K",), "up", "Move the label up."),
    Action("labels.down", ("J",), "down", "Move the label down."),
    # Checks
    Action("checks.open", ("enter",), "rows", "Show the rows of the check alone."),
    Action("checks.majority", ("m",), "majority label", "Give all copies of a text the label that most of them have."),
    Action(
        "checks.leave",
        ("t",),
        "leaks leave training",
        "Take training rows that stand in validation or test out of training.",
    ),
    # Dialogs
    Action("dialog.close", ("escape",), "close", "Close without doing anything."),
)

_OF_CURVES = (
    "earlier", "later", "zoom_in", "zoom_out", "pan_left", "pan_right", "whole_curve", "smooth", "logarithmic",
)  # fmt: skip
ACTIONS += tuple(
    replace(action, id=f"compare.{action.name}")
    for action in ACTIONS
    if action.scope == "train" and action.name in _OF_CURVES
)

BY_ID = {action.id: action for action in ACTIONS}


def in_scope(scope: str) -> tuple[Action, ...]:
    """The actions of a scope, in the order of the table."""
    return tuple(action for action in ACTIONS if action.scope == scope)


def find(action_id: str) -> Action:
    """The action with an id."""
    return BY_ID[action_id]


def textual_keys(keys: Iterable[str]) -> str:
    """Keys as Textual writes them, with commas between them."""
    return ",".join(_character_to_key(key) if len(key) == 1 else key for key in keys)


def bindings(scope: str) -> list[Binding]:
    """Textual's bindings of a scope. The binding's id is the action's, so that a keymap (`tui.keymap`) moves it."""
    made: list[Binding] = []
    for action in in_scope(scope):
        if action.argument:
            made += [Binding(key, f"{action.name}('{key}')", action.label, id=action.id) for key in action.keys]
        else:
            keys = textual_keys(action.keys)
            made.append(Binding(keys, action.name, action.label, id=action.id))
    return made


def keys_of(action: Action, changes: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of an action as they are now, as a person types them."""
    text = changes.get(action.id)
    if text is None:
        return action.keys
    return tuple(key.strip() for key in text.split(",")) if text != "," else (",",)


def shown(keys: Iterable[str]) -> str:
    """Keys as the screen shows them: `d enter`, `0-9`."""
    keys = tuple(keys)
    if keys == DIGITS:
        return "0-9"
    return " ".join({"escape": "esc"}.get(key, key) for key in keys)


def key_table_markdown() -> str:
    """README's key table."""
    lines = ["| keys | what they do |", "|---|---|"]
    for scope, heading in SCOPES.items():
        lines.append(f"| **{heading}** | |")
        lines += [f"| `{shown(action.keys)}` | {action.help} |" for action in in_scope(scope)]
    return "\n".join(lines)
