"""The rows of a workspace and the labels they have had, for comparing runs on them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tlworkbench.data.journal import Journal
from tlworkbench.data.labelling import Labelling
from tlworkbench.data.rows import Rows
from tlworkbench.errors import UserError
from tlworkbench.workspace import Workspace


class Dataset:
    """Rows, and their labels at each state of the journal that was asked for."""

    def __init__(self, rows: Rows, journal: Journal) -> None:
        self.rows = rows
        self.journal = journal
        self._labels: dict[int, Labelling] = {}

    def labels_at(self, version: int) -> Labelling:
        """The labels as they stood then; raises UserError for a state that never was."""
        if version not in self._labels:
            self._labels[version] = Labelling.at(self.rows, self.journal, version)
        return self._labels[version]


@contextmanager
def opened(workspace: Workspace) -> Iterator[tuple[Dataset | None, str]]:
    """The dataset while it is needed; None, and why, where it can't be read."""
    with ExitStack() as files:
        try:
            rows = workspace.rows()
            found, problem = Dataset(rows, files.enter_context(workspace.journal(rows))), ""
        except UserError as error:
            yield None, error.what
            return
        yield found, problem
