"""Two letters for each label of a large set, so that any of 150 labels is three keys away."""

import string
from collections.abc import Iterator, Sequence

DIGITS_HOLD = 10
"""Labels that digits are enough for."""
_LETTERS = string.ascii_lowercase


def letter_codes(names: Sequence[str]) -> tuple[str, ...]:
    """A code of two letters for each name, all different, empty where 676 codes are used up.

    A code is made of letters of the name where that can be: the first ones of two words ("card arrival" is `ca`), else
    its first letter and a later one. Names that come first choose first, so labels added later change no other code.
    """
    taken: set[str] = set()
    codes = []
    for name in names:
        code = next((code for code in _candidates(name) if code not in taken), "")
        taken.add(code)
        codes.append(code)
    return tuple(codes)


def _candidates(name: str) -> Iterator[str]:
    words = ["".join(letter for letter in word if letter in _LETTERS) for word in _words(name)]
    words = [word for word in words if word]
    letters = "".join(words) or _LETTERS
    initials = "".join(word[0] for word in words)
    yield from (initials[0] + second for second in initials[1:])
    yield from (letters[0] + second for second in letters[1:])
    yield from (letters[0] + second for second in _LETTERS)
    yield from (first + second for first in letters for second in letters)
    yield from (first + second for first in _LETTERS for second in _LETTERS)


def _words(name: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in name.lower()).split()
