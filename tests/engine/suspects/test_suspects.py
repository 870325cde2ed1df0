"""The job: which labels it doubts, what it says of all other rows, and what it refuses."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.engine.suspects.conftest import MOODS, Stage, mood_vectors
from tlworkbench.data.suggestions import FILE_NAME, Suggestions
from tlworkbench.engine import suspects
from tlworkbench.engine.context import JobContext
from tlworkbench.errors import UserError
from tlworkbench.jobs.events import Finished, Note
from tlworkbench.jobs.folder import create_job
from tlworkbench.jobs.follow import EventTail
from tlworkbench.jobs.suspects import suspects_spec
from tlworkbench.workspace import Workspace

COUNT = 150
FLIPPED = (3, 40, 77, 110)


def moods(count: int = COUNT) -> list[int]:
    return [number % 3 for number in range(count)]


def labels(flipped: tuple[int, ...] = FLIPPED) -> list[str | None]:
    return [MOODS[(mood + (number in flipped)) % 3] for number, mood in enumerate(moods())]


def texts() -> list[str]:
    return [f"text {number}" for number in range(COUNT)]


def run(workspace: Workspace, **changes: Any) -> tuple[Finished, Suggestions, list[str]]:
    spec = msgspec.structs.replace(suspects_spec(workspace), **changes)
    context = JobContext(create_job(workspace.jobs_dir, spec))
    finished = suspects.run(context, spec)
    notes = [event.text for event in EventTail(context.job.events_file).read() if isinstance(event, Note)]
    found = Suggestions.open(workspace.root / FILE_NAME, workspace.rows())
    assert found is not None
    return finished, found, notes


def test_flipped_labels_come_first_with_the_right_one_beside(stage: Stage) -> None:
    workspace = stage(
        mood_vectors(moods()), train=(texts()[:100], labels()[:100]), test=(texts()[100:], labels()[100:])
    )
    finished, found, notes = run(workspace)
    labelling = workspace.labelling()
    worst = found.open_suspects(labelling)
    assert set(worst[:4].tolist()) == set(FLIPPED)
    names = workspace.rows().meta.label_values
    assert [names[found.suggested[row]] for row in FLIPPED] == [MOODS[row % 3] for row in FLIPPED]
    assert (found.probability[list(FLIPPED)] > 0.5).all() and (found.suspicion[list(FLIPPED)] > 0.6).all()
    assert ((found.uncertainty >= 0) & (found.uncertainty <= 1)).all()
    near = workspace.rows().indices_of(found.nearest(3))
    assert len(near) == 5 and 3 not in near and (near % 3 == 0).mean() >= 0.8
    assert notes == [] and finished.status == "done"
    assert (finished.result["suspects"], finished.result["labelled"]) == (found.meta.suspects, COUNT)


def test_rows_that_are_not_judged_get_a_suggestion_all_the_same(stage: Stage) -> None:
    given = labels()
    given[5] = None
    workspace = stage(mood_vectors(moods()), train=([*texts()[:-1], " "], given))
    rows = workspace.rows()
    journal = workspace.journal(rows)
    journal.set_excluded([int(rows.keys[40])], True)
    _, found, _ = run(workspace)
    for row in (5, 40, COUNT - 1):
        assert np.isnan(found.suspicion[row]) and not found.suspect[row]
        assert rows.meta.label_values[found.suggested[row]] == MOODS[row % 3] and found.probability[row] > 0.5
    assert found.given[5] == -1 and found.meta.labelled == COUNT - 3


def test_no_row_is_judged_by_a_head_that_saw_its_text(stage: Stage) -> None:
    # Vectors and labels have nothing to do with one another, each text stands there three times: whoever learned from
    # a copy knows its label.
    draws = np.random.default_rng(3)
    vectors = draws.normal(size=(120, 60)).astype(np.float32)
    which = draws.integers(0, 2, 120)
    copies = np.repeat(np.arange(120), 3)
    workspace = stage(vectors[copies], train=([f"text {n}" for n in copies], [("no", "yes")[which[n]] for n in copies]))
    _, found, _ = run(workspace)
    agreed = (found.suggested == found.given).mean()
    assert agreed < 0.65


def test_a_label_with_one_text_is_left_out_and_told(stage: Stage) -> None:
    given = labels()
    given[7] = "strange"
    given[8] = given[9] = "rare"
    workspace = stage(mood_vectors(moods()), train=(texts(), given))
    _, found, notes = run(workspace)
    assert notes == ["not judged, as no other text has the label: strange"]
    assert np.isnan(found.suspicion[7]) and found.probability[7] > 0
    assert not np.isnan(found.suspicion[[8, 9]]).any()


def test_what_someone_decided_by_hand_is_not_asked_again(stage: Stage) -> None:
    workspace = stage(mood_vectors(moods()), train=(texts(), labels()))
    rows = workspace.rows()
    with workspace.journal(rows) as journal:
        journal.set_label([int(rows.keys[3])], rows.meta.label_values.index("asking"), "key")
        journal.set_label([int(rows.keys[40])], rows.meta.label_values.index("happy"), "import")
        _, found, _ = run(workspace)
        assert not found.suspect[3] and found.suspicion[3] > 0.6
        assert found.suspect[40]


def test_large_sets_are_learned_from_in_part_and_judged_whole(stage: Stage) -> None:
    workspace = stage(mood_vectors(moods()), train=(texts(), labels()))
    _, found, notes = run(workspace, max_fit_rows=60)
    assert notes == ["each head learned from 60 rows, drawn by class; all 150 rows are judged"]
    assert not np.isnan(found.suspicion).any()
    assert (found.suspicion[list(FLIPPED)] > 0.5).all()


def test_two_runs_say_the_same(stage: Stage) -> None:
    workspace = stage(mood_vectors(moods()), train=(texts(), labels()))
    first, second = run(workspace)[1], run(workspace)[1]
    assert first.suspicion.tolist() == second.suspicion.tolist() and first.stamp != second.stamp


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (["angry"] * 20, "only 1 label has rows enough"),
        ([None] * 20, "only 0 labels have rows enough"),
        (["angry"] * 3 + ["happy"] * 3 + [None] * 14, "6 labelled rows are too few"),
    ],
)
def test_too_little_to_judge_by_is_refused_at_once(stage: Stage, given: list[str | None], what: str) -> None:
    workspace = stage(mood_vectors(moods(20)), train=(texts()[:20], given))
    with pytest.raises(UserError, match=what) as raised:
        run(workspace)
    assert raised.value.hint


def test_a_stop_leaves_the_suggestions_of_before(stage: Stage) -> None:
    workspace = stage(mood_vectors(moods()), train=(texts(), labels()))
    _, before, _ = run(workspace)
    spec = suspects_spec(workspace)
    context = JobContext(create_job(workspace.jobs_dir, spec))
    context.stop_requested = True
    assert suspects.run(context, spec).status == "stopped"
    after = Suggestions.open(workspace.root / FILE_NAME, workspace.rows())
    assert after is not None and after.stamp == before.stamp


_CHILD = """
import json, sys
from tlworkbench.engine.__main__ import main
status = main(sys.argv[1])
print(json.dumps([status, sorted({"torch", "transformers", "datasets"} & set(sys.modules))]))
"""


def test_nothing_heavy_is_imported_when_nothing_is_to_be_embedded(stage: Stage, home: Path) -> None:
    workspace = stage(mood_vectors(moods()), train=(texts(), labels()))
    job = create_job(workspace.jobs_dir, suspects_spec(workspace))
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, str(job.path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(child.stdout.splitlines()[-1]) == [0, []], child.stderr
    assert job.state().status == "done" and job.state().what.endswith("suspects in 150 labelled rows")
