"""Checks of the open dataset: the dialog, and the rows of a check shown alone."""

from collections.abc import Callable
from dataclasses import replace

from tlworkbench.catalog.resolve import resolve_model
from tlworkbench.data.checks.lengths import measure
from tlworkbench.data.checks.subject import Subject, TextFacts, TextLengths
from tlworkbench.data.checks.table import CHECKS
from tlworkbench.errors import UserError
from tlworkbench.inference.text_limit import effective_length, folder_limit
from tlworkbench.inference.token_lengths import TokenCounter
from tlworkbench.tui.screens.checks import ChecksDialog, Chosen
from tlworkbench.tui.screens.data_edits import EditingScreen


class CheckingScreen(EditingScreen):
    """Keeps what the texts alone decide, so that the next look is quick."""

    def __init__(self) -> None:
        super().__init__()
        self._facts: TextFacts | None = None
        self._lengths: TextLengths | None = None
        self._check = CHECKS[0]
        """The check whose rows were shown last."""

    async def action_checks(self) -> None:
        data = self._data()
        if self._facts is None or self._facts.rows is not data.rows:
            self._facts, self._lengths = TextFacts(data.rows), None
        facts = self._facts
        dialog = ChecksDialog(
            lambda: Subject.of(facts, data.labelling), self._measured, self._edit_many, CHECKS.index(self._check)
        )
        await self.app.push_screen(dialog, self._show_check)

    def _show_check(self, chosen: Chosen | None) -> None:
        if chosen is not None:
            self._check = chosen.check
            self.show_rows(chosen.check.title, chosen.found.rows)

    def _measured(self, subject: Subject, cancelled: Callable[[], bool]) -> Subject:
        workspace = self.workbench.workspace
        model = workspace.info.model
        lengths = self._lengths
        if lengths is None or lengths.model != model:
            try:
                folder = resolve_model(model, workspace.jobs_dir)
                limit = effective_length(0, folder_limit(folder))
                lengths = measure(subject.facts, TokenCounter(folder), limit, model, cancelled)
            except UserError as error:
                return replace(subject, why_no_lengths=error.what)
        if self._facts is subject.facts:
            self._lengths = lengths
        return subject.measured(lengths)
