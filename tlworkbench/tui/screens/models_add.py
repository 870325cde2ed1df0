"""Adding a model: one from the Hub by its id, or one that lies in a folder."""

from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tlworkbench.catalog.hub_cache import hub_id
from tlworkbench.errors import UserError
from tlworkbench.jobs.spec import FetchSpec
from tlworkbench.tui.screens.dialog import Dialog
from tlworkbench.tui.text import clean

_WORDS = (
    "A Hub id, as in distilbert/distilbert-base-uncased, is fetched in the background. "
    "A folder's path is taken as it is."
)


def wish(text: str) -> FetchSpec | Path:
    """What was meant: a folder that is there, or a model on the Hub. Raises UserError."""
    text = text.strip()
    if not text:
        raise UserError("nothing is named yet", "Type a Hub id or a folder's path.")
    folder = Path(text).expanduser().absolute()
    if text.startswith(("/", "./", "../", "~")) or (folder / "config.json").is_file():
        if not folder.is_dir():
            raise UserError(f"there is no folder {folder}", "Check the path.")
        return folder
    id = hub_id(text)
    return FetchSpec(model=id.repo, revision=id.revision)


class ModelsAdd(Dialog[FetchSpec | Path]):
    """Closes with what was meant."""

    CSS_PATH = "models_add.tcss"

    def compose(self) -> ComposeResult:
        """The field, and below it what it takes or what was wrong."""
        with Vertical(id="dialog") as frame:
            frame.border_title = "Add a model"
            frame.border_subtitle = "enter adds it · esc"
            yield Input(placeholder="user/name or /path/to/folder", compact=True)
            yield Static(Content.styled(_WORDS, "$muted"), id="said")

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        try:
            self.dismiss(wish(event.value))
        except UserError as error:
            self.query_one("#said", Static).update(
                Content.assemble((clean(error.what), "$error"), "\n", (clean(error.hint), "$muted"))
            )
