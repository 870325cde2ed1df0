"""Keys follow the content of rows, not their place."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tlworkbench.data.keys import content_hash, content_hashes, unique_keys


@given(st.lists(st.sampled_from(["", "a", "b", "é", "a\nb"]), max_size=40), st.randoms(use_true_random=False))
def test_the_set_of_keys_does_not_depend_on_the_order(texts: list[str], random: object) -> None:
    keys = unique_keys(content_hashes(texts))
    shuffled = texts.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = unique_keys(content_hashes(shuffled))
    assert len(set(keys.tolist())) == len(texts)
    assert sorted(keys.tolist()) == sorted(again.tolist())
    for text in set(texts):
        of_text = {int(key) for key, other in zip(keys, texts, strict=True) if other == text}
        assert of_text == {int(key) for key, other in zip(again, shuffled, strict=True) if other == text}


def test_keys_are_these_for_ever() -> None:
    keys = unique_keys(content_hashes(["hello", "hello", "hello", ""]))
    assert [f"{key:016x}" for key in keys] == [
        "a7b6eda801e5347d",
        "52d79a9c556f5a7a",
        "1ae1d0a0b59dc35c",
        "e4a6a0577479b2b4",
    ]


def test_appended_rows_do_not_change_the_keys_before_them() -> None:
    before = unique_keys(content_hashes(["a", "b", "a"]))
    after = unique_keys(content_hashes(["a", "b", "a", "a", "c"]))
    assert np.array_equal(after[:3], before)


def test_no_rows_have_no_keys() -> None:
    assert len(unique_keys(content_hashes([]))) == 0


def test_one_text_has_the_hash_that_it_has_among_others() -> None:
    assert [content_hash(text) for text in ("", "a", "ü😀")] == content_hashes(["", "a", "ü😀"]).tolist()
