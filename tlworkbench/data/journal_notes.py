"""Notes on rows, as the journal's tables keep them: each text once, rows and edits name it by number."""

import sqlite3
import unicodedata

from tlworkbench.errors import UserError

MAX_NOTE = 2000
"""Characters a note may have."""
_BREAKS = "\n\t"


def checked_note(text: str) -> str:
    """A note as it is kept: NFC, without white space around it or control characters; empty for none.

    Raises UserError when it is too long.
    """
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    clean = "".join(c for c in unicodedata.normalize("NFC", whole) if c in _BREAKS or unicodedata.category(c) != "Cc")
    if len(clean.strip()) > MAX_NOTE:
        raise UserError(f"the note has {len(clean.strip())} characters", f"Use at most {MAX_NOTE}.")
    return clean.strip()


def number(db: sqlite3.Connection, text: str) -> int:
    """Number of a note, given one when it is new; 0 for the empty text. Inside a transaction that writes."""
    if not text:
        return 0
    db.execute("INSERT OR IGNORE INTO notes (text) VALUES (?)", (text,))
    return int(db.execute("SELECT id FROM notes WHERE text = ?", (text,)).fetchone()[0])


def all_notes(db: sqlite3.Connection) -> dict[int, str]:
    """Notes by signed key of their row."""
    return dict(db.execute("SELECT key, text FROM rows JOIN notes ON notes.id = note WHERE note").fetchall())


def note_of(db: sqlite3.Connection, key: int) -> str:
    """The note on one row (signed key), empty for none."""
    found = db.execute("SELECT text FROM rows JOIN notes ON notes.id = note WHERE key = ?", (key,)).fetchone()
    return str(found[0]) if found else ""
