"""Texts that are nearly the same."""

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from tlworkbench.data.duplicates import text_groups
from tlworkbench.data.near_duplicates import SIMILARITY, Cancelled, near_groups
from tlworkbench.data.word_hashes import plain_words, word_hashes


def near(texts: list[str]) -> list[int]:
    column = pa.chunked_array([texts[at : at + 7] for at in range(0, len(texts), 7)], pa.string())
    groups: list[int] = near_groups(column, text_groups(SimpleNamespace(text_column=lambda: column))).tolist()
    return groups


def similarity(one: str, other: str) -> float:
    """The same measure, from its definition."""

    def shingles(text: str) -> set[tuple[str, ...]]:
        words = plain_words(pa.array([text]))[0].as_py().split()
        return {(word,) for word in words} | set(zip(words, [*words[1:], ""], strict=True))

    a, b = shingles(one), shingles(other)
    return len(a & b) / len(a | b)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Great!!", "great", True),
        ("don’t  stop", r"don\u2019t stop", True),
        ("@anna look: https://t.co/abc", "LOOK @bob", True),
        ("one<br />two", "one two", True),
        ("\uff46\uff55ll width", "full width", True),
        ("他来了。", "他来了", True),
        ("so good 😀", "so good 😡", False),
        ("5 days", "6 days", False),
        ("b a", "a b", False),
        ("ab c", "a bc", False),
        ("!!!", "???", False),
        ("@anna", "@bob", False),
        ("", " ", False),
    ],
)
def test_short_texts_are_near_with_the_same_words(one: str, other: str, same: bool) -> None:
    groups = near([one, other, "something else", one])
    assert (groups[0] == groups[1]) is same
    assert groups[0] == groups[3] and groups[2] not in (groups[0], groups[1])


def test_longer_texts_are_near_from_the_threshold_on() -> None:
    rng = np.random.default_rng(3)
    texts: list[str] = []
    for number in range(300):
        words = [f"w{number}x{place}" for place in range(30)]
        texts.append(" ".join(words))
        for place in rng.choice(30, int(rng.integers(0, 9)), replace=False):
            words[place] = f"other{number}x{place}"
        texts.append(" ".join(words))
    groups = near(texts)
    reached = [similarity(texts[at], texts[at + 1]) >= SIMILARITY for at in range(0, 600, 2)]
    found = [groups[at] == groups[at + 1] for at in range(0, 600, 2)]
    assert 60 < sum(reached) < 240
    assert not [number for number in range(300) if found[number] and not reached[number]]
    assert sum(found) >= 0.97 * sum(reached)
    assert len(set(groups)) == 600 - sum(found)


def test_words_are_told_apart_across_texts_and_pieces() -> None:
    hashes = word_hashes(pa.array(["one two", "", "  two ", "twoone", "one", "two one"]))
    assert hashes.counts.tolist() == [2, 0, 1, 1, 1, 2]
    one, two = hashes.words[0], hashes.words[1]
    assert hashes.words.tolist() == [one, two, two, hashes.words[3], one, two, one]
    assert len(set(hashes.text_hashes().tolist())) == 6 and hashes.text_hashes()[1] == 0
    assert hashes.pairs[1] == hashes.pairs[2] and hashes.pairs[0] != hashes.pairs[5]


def test_a_crowd_of_near_texts_is_one_group() -> None:
    crowd = [f"the very same long text that everyone of them sends again and again {number}" for number in range(500)]
    assert len(set(near([*crowd, "and one that stands alone with other words"]))) == 2


def test_whoever_waits_no_more_gets_nothing() -> None:
    column = pa.chunked_array([["a", "b"]], pa.string())
    with pytest.raises(Cancelled):
        near_groups(column, text_groups(SimpleNamespace(text_column=lambda: column)), cancelled=lambda: True)
