"""Opening a bundle off the screen's thread; of several that were asked for, the last one counts."""

from dataclasses import dataclass
from pathlib import Path

from textual.message import Message
from textual.widget import Widget

from tlworkbench.errors import UserError
from tlworkbench.tui.background import in_background
from tlworkbench.tui.screens import predict_loading
from tlworkbench.tui.screens.predict_loading import Loaded

_WAIT = UserError("the model is still loading", "It takes a moment.")


@dataclass
class BundleOpened(Message):
    """A bundle is ready to answer, or why none is; `turn` tells which of several was opened."""

    turn: int
    loaded: Loaded | UserError


class Opening:
    """Posts `BundleOpened` to `screen`, which hands it to `take`. Called on the screen's thread alone."""

    def __init__(self, screen: Widget, jobs_dir: Path) -> None:
        self.loading = True
        """Whether another bundle or variant is on its way."""
        self.loaded: Loaded | None = None
        self.problem: UserError | None = None
        """Why nothing is loaded."""
        self._screen = screen
        self._jobs_dir = jobs_dir
        self._turn = 0

    def begin(self, run: str, variant: str, only_new: bool = False) -> None:
        """Open the bundle of a run (the latest exported one where empty).

        only_new: leave the loaded one where it is that very bundle.
        """
        self._turn += 1
        turn, now = self._turn, self.loaded if only_new else None
        self.loading = self.loading or not only_new

        def load() -> None:
            try:
                exported = predict_loading.find_exported(self._jobs_dir, run)
                same = now is not None and exported == now.exported
                loaded: Loaded | UserError = now if same and now else predict_loading.load(exported, variant)
            except UserError as error:
                loaded = error
            except Exception as error:
                what = f"the bundle can't be loaded: {error}"
                self._screen.post_message(BundleOpened(turn, UserError(what, "Press r to take another run.")))
                raise
            self._screen.post_message(BundleOpened(turn, loaded))

        in_background(self._screen, "open", load)

    def take(self, opened: BundleOpened) -> bool:
        """Learn how it ended; False where something else was asked for since."""
        if opened.turn != self._turn:
            return False
        self.loading = False
        self.loaded = None if isinstance(opened.loaded, UserError) else opened.loaded
        self.problem = opened.loaded if isinstance(opened.loaded, UserError) else None
        return True

    def ready(self) -> Loaded:
        """What is loaded; raises UserError where nothing is."""
        if self.loaded is None:
            raise self.problem or _WAIT
        return self.loaded
