"""Two letters for every label of a large set."""

import itertools

from tlworkbench.tui.dataset.letter_codes import letter_codes

_WORDS = ("card", "cash", "top up", "transfer", "exchange", "refund", "fee", "account", "pin", "virtual card")
_STATES = (
    "arrival", "not working", "declined", "pending", "lost", "limit", "wrong amount", "charge", "activation",
    "delivery", "unrecognised", "reverted", "support", "verification", "time",
)  # fmt: skip
NAMES = [f"{word} {state}" for word, state in itertools.product(_WORDS, _STATES)]


def test_150_labels_get_150_codes_of_two_letters() -> None:
    codes = letter_codes(NAMES)
    assert len(NAMES) == 150 and len(set(codes)) == 150
    assert all(len(code) == 2 and code.isascii() and code.islower() for code in codes)
    by_initials = sum(code[0] == name[0] for code, name in zip(codes, NAMES, strict=True))
    assert by_initials >= 120


def test_a_code_is_made_of_the_words_first_letters() -> None:
    assert letter_codes(["card arrival", "Card_Limit", "refund"]) == ("ca", "cl", "re")


def test_labels_added_later_change_no_code() -> None:
    assert letter_codes(NAMES)[:140] == letter_codes(NAMES[:140])


def test_names_without_letters_and_too_many_names() -> None:
    codes = letter_codes(["5", "…", "日本"] + ["same"] * 700)
    given = [code for code in codes if code]
    assert all(codes[:3]) and len(given) == len(set(given)) == 26 * 26
