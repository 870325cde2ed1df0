"""kill -9 at any moment: what the journal acknowledged is there, and it opens."""

import sqlite3
from pathlib import Path

from tests.data.journal_killing import kill_editors


def test_no_acknowledged_edit_is_lost_in_forty_kills(tmp_path: Path) -> None:
    path = tmp_path / "labels.sqlite"
    assert len(kill_editors(path, 40)) >= 400
    with sqlite3.connect(path) as database:
        kinds = {kind for (kind,) in database.execute("SELECT DISTINCT kind FROM edits")}
    database.close()
    assert kinds == {"label", "excluded", "flagged", "note", "import", "labels"}
