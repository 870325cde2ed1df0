"""Checks of single texts: empty, damaged, too long."""

from collections.abc import Callable

import numpy as np
import pyarrow.compute as pc

from tlworkbench.data.checks.found import Found, marked, number
from tlworkbench.data.checks.subject import Subject

# What UTF-8's second and later bytes turn into when they are read as Windows-1252 or Latin-1.
_CONTINUATION = "[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"  # noqa: RUF001
PATTERNS: dict[str, str] = {
    "replaced": "\ufffd",
    "mojibake": f"[ÂÃ]{_CONTINUATION}|[âï]{_CONTINUATION}{{2}}|ð(?:Ÿ|\u009f){_CONTINUATION}",
    "control": r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]",
    "escapes": r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\x[0-9A-Fa-f]{2}",
    "entities": r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});",
    "tags": (
        r"(?i)</?(?:a|abbr|b|big|blockquote|body|br|center|code|div|em|font|h[1-6]|head|hr|html|i|img|input|li|link|meta"
        r"|ol|p|pre|s|script|small|span|strong|style|sub|sup|table|tbody|td|th|title|tr|u|ul)(?:\s[^<>]*)?/?>"
    ),
}
"""What damaged texts hold, by check; RE2 syntax."""


def empty(subject: Subject) -> Found:
    """Rows whose text is nothing but white space."""
    return marked(subject.included & ~subject.facts.has_text)


def holding(check: str, what: str) -> Callable[[Subject], Found]:
    """A finder of rows whose text holds what `PATTERNS` says of the check; `what` says it in words."""
    pattern = PATTERNS[check]

    def find(subject: Subject) -> Found:
        found = [
            pc.match_substring_regex(chunk, pattern).to_numpy(zero_copy_only=False)
            for chunk in subject.rows.text_column().chunks
        ]
        return marked(subject.included & np.concatenate(found).astype(np.bool_) if found else subject.included)

    find.__doc__ = f"Rows whose text holds {what}."
    return find


def too_long(subject: Subject) -> Found:
    """Rows whose text has more tokens than training keeps of it; of a large dataset a sample is measured."""
    lengths = subject.lengths
    if lengths is None:
        return Found(None, words=subject.why_no_lengths)
    rows = lengths.rows[lengths.tokens > lengths.limit]
    measured = len(lengths.rows)
    if not len(rows):
        return Found(0)
    sampled = "sampled " if measured < int(subject.worded.sum()) else ""
    share = f"{100 * len(rows) / measured:.1f} % of {number(measured)} {sampled}texts"
    return Found(len(rows), rows, f"{share} have more than {lengths.limit} tokens")
