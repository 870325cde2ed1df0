"""What is looked for in texts: a text, or after `re:` a regular expression, in Arrow's own engine (RE2).

RE2 takes time in proportion to the text, whatever the expression; Python's `re` may take for ever on texts and
expressions that are nobody's fault. So the same engine also tells where in a text a match stands.
"""

import functools
import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from tlworkbench.errors import UserError

REGEX = "re:"
"""A needle that begins so is a regular expression."""


_SHORT = 1 << 20
"""Characters of a text times those of a plain needle, up to which Python's `re` is certain to be quick."""


@dataclass(frozen=True)
class TextPattern:
    """A needle ready to be looked for; see `text_pattern`."""

    text: str
    """The text, or the expression, without `re:`."""
    regex: bool
    ignore_case: bool

    def found_in(self, texts: pa.Array) -> pa.Array:
        """Which of the texts hold it, as booleans."""
        if self.regex:
            return pc.match_substring_regex(texts, self.text, ignore_case=self.ignore_case)
        return pc.match_substring(texts, self.text, ignore_case=self.ignore_case)

    def span(self, text: str) -> tuple[int, int] | None:
        """Where the first match begins and ends, in characters; None where there is none, or an empty one."""
        if not self.regex and len(text) * len(self.text) <= _SHORT:
            match = self._literal.search(text)
            return match.span() if match and match.end() > match.start() else None
        given = text.encode("utf-8", "replace")
        texts = pa.array([given], pa.binary()).view(pa.string())
        expression = self.text if self.regex else re.escape(self.text)
        start = pc.find_substring_regex(texts, expression, ignore_case=self.ignore_case)[0].as_py()
        if start < 0:
            return None
        if self.ignore_case:
            expression = f"(?i){expression}"
        rest = pc.replace_substring_regex(texts, expression, "", max_replacements=1)[0].as_py()
        end = start + len(given) - len(rest.encode())
        begin = len(given[:start].decode())
        return (begin, begin + len(given[start:end].decode())) if end > start else None

    @functools.cached_property
    def _literal(self) -> re.Pattern[str]:
        return re.compile(re.escape(self.text), re.IGNORECASE if self.ignore_case else 0)


@functools.lru_cache(16)
def text_pattern(needle: str) -> TextPattern:
    """Read a needle; capitals count only where it has one. Raises UserError for an expression that can't be read."""
    if not needle.startswith(REGEX):
        return TextPattern(needle, False, needle == needle.lower())
    expression = needle.removeprefix(REGEX)
    letters = re.sub(r"\\.", "", expression)
    pattern = TextPattern(expression, True, letters == letters.lower())
    try:
        pattern.found_in(pa.array([""]))
    except pa.ArrowInvalid as error:
        reason = str(error).removeprefix("Invalid regular expression: ")
        raise UserError(
            f"'{expression}' is no regular expression: {reason}", "Look-around and back-references don't exist here."
        ) from error
    return pattern
