"""Opening a bundle off the screen's thread."""

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
    """A bundle is ready to answer, or why none is."""

    loaded: Loaded | UserError


@dataclass(frozen=True)
class _Wish:
    run: str
    variant: str
    only_new: bool


class Opening:
    """Opens one bundle at a time and posts `BundleOpened` to `screen`, which hands it to `take`; a wish that comes
    meanwhile waits, a newer one takes its place. Called on the screen's thread alone."""

    def __init__(self, screen: Widget, jobs_dir: Path) -> None:
        self.loading = True
        """Whether another bundle or variant is on its way."""
        self.loaded: Loaded | None = None
        self.problem: UserError | None = None
        """Why nothing is loaded."""
        self._screen = screen
        self._jobs_dir = jobs_dir
        self._at_work = False
        self._wish: _Wish | None = None

    def begin(self, run: str, variant: str, only_new: bool = False) -> None:
        """Open the bundle of a run (the latest exported one where empty).

        only_new: leave the loaded one where it is that very bundle.
        """
        self.loading = self.loading or not only_new
        self._wish = _Wish(run, variant, only_new and (self._wish is None or self._wish.only_new))
        self._go_on()

    def take(self, opened: BundleOpened) -> bool:
        """Learn how it ended; False where that changes nothing, or something else is wished for by now."""
        self._at_work = False
        if self._wish is not None and not self._wish.only_new:
            self._go_on()
            return False
        before, self.loading = self.loaded, False
        self.loaded = None if isinstance(opened.loaded, UserError) else opened.loaded
        self.problem = opened.loaded if isinstance(opened.loaded, UserError) else None
        self._go_on()
        return self.loaded is None or self.loaded is not before

    def ready(self) -> Loaded:
        """What is loaded; raises UserError where nothing is."""
        if self.loaded is None:
            raise self.problem or _WAIT
        return self.loaded

    def _go_on(self) -> None:
        if self._at_work or self._wish is None:
            return
        wish, self._wish, self._at_work = self._wish, None, True
        now = self.loaded if wish.only_new else None

        def load() -> None:
            try:
                exported = predict_loading.find_exported(self._jobs_dir, wish.run)
                same = now is not None and exported == now.exported
                loaded: Loaded | UserError = now if same and now else predict_loading.load(exported, wish.variant)
            except UserError as error:
                loaded = error
            except Exception as error:
                what = f"the bundle can't be loaded: {error}"
                self._screen.post_message(BundleOpened(UserError(what, "Press r to take another run.")))
                raise
            self._screen.post_message(BundleOpened(loaded))

        in_background(self._screen, "open", load)
