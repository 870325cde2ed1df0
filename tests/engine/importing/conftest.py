"""Running an import in this process and looking at what it left."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tlworkbench.data.rows import Rows
from tlworkbench.engine import importing
from tlworkbench.engine.context import JobContext
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Event, Finished, Note, Progress, decode
from tlworkbench.jobs.folder import JobFolder, create_job
from tlworkbench.jobs.spec import ImportSpec

OLD_ROWS = b"the rows that were there before"


@dataclass(frozen=True)
class Outcome:
    """An import that has ended."""

    finished: Finished
    job: JobFolder

    @property
    def result(self) -> dict[str, Any]:
        return self.finished.result

    @property
    def rows(self) -> Rows:
        return Rows.open(self.job.workspace / "rows.arrow")

    @property
    def events(self) -> list[Event]:
        return [event for line in self.job.events_file.read_bytes().splitlines() if (event := decode(line))]

    @property
    def progress(self) -> list[Progress]:
        return [event for event in self.events if isinstance(event, Progress)]

    @property
    def warnings(self) -> str:
        return "\n".join(e.text for e in self.events if isinstance(e, Note) and e.level == "warning")

    @property
    def remarks(self) -> str:
        return "\n".join(event.text for event in self.events if isinstance(event, Note))

    @property
    def left_behind(self) -> set[str]:
        """Files of the workspace beside the job's own records."""
        own = {"job.toml", "state.json", "started.json", "events.jsonl", "engine.log", ".lock"}
        return {path.name for path in self.job.workspace.rglob("*") if path.is_file()} - own


class Importer:
    """Imports into one workspace; `watch` sees each event while the import is at work."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.context = JobContext

    def job(self, source: Path | str, **spec: Any) -> JobFolder:
        return create_job(self.workspace / "jobs", ImportSpec(source=str(source), **spec))

    def __call__(
        self, source: Path | str, *, watch: Callable[[JobContext, Event], None] | None = None, **spec: Any
    ) -> Outcome:
        job = self.job(source, **spec)
        context = _WatchedContext(job, watch) if watch else JobContext(job)
        return Outcome(importing.run(context, ImportSpec(source=str(source), **spec)), job)

    def fails(self, source: Path | str, **spec: Any) -> UserError:
        """The error of an import that must fail, leaving the workspace as it was."""
        self.workspace.mkdir(exist_ok=True)
        (self.workspace / "rows.arrow").write_bytes(OLD_ROWS)
        job = self.job(source, **spec)
        with pytest.raises(UserError) as caught:
            importing.run(JobContext(job), ImportSpec(source=str(source), **spec))
        outcome = Outcome(Finished(status="failed"), job)
        assert outcome.left_behind == {"rows.arrow"}
        assert (self.workspace / "rows.arrow").read_bytes() == OLD_ROWS
        assert caught.value.hint
        return caught.value


class _WatchedContext(JobContext):
    def __init__(self, job: JobFolder, watch: Callable[[JobContext, Event], None]) -> None:
        super().__init__(job)
        self._watch = watch

    def emit(self, event: Event) -> None:
        super().emit(event)
        self._watch(self, event)


@pytest.fixture
def import_source(tmp_path: Path) -> Importer:
    return Importer(tmp_path / "workspace")
