"""Work off the screen's thread, none of whose errors vanish."""

from collections.abc import Callable

from textual.dom import DOMNode

from tlworkbench.tui.messages import WorkFailed


def in_background(node: DOMNode, group: str, work: Callable[[], object]) -> None:
    """Call `work` in a thread that ends with `node`'s screen; what it raises is shown by the program.

    It may read files and call `post_message`, and nothing else of the screen.
    """

    def guarded() -> None:
        try:
            work()
        except Exception as error:
            node.app.post_message(WorkFailed(error))

    node.run_worker(guarded, thread=True, group=group, exit_on_error=False)
