"""Figures in words a person would say."""

import pytest

from tlworkbench.preflight.facts import Tried
from tlworkbench.preflight.words import about, in_short


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "less than a second"),
        (38.2, "about 38 s"),
        (231, "about 4 min"),
        (5000, "about 83 min"),
        (7800, "about 2 h 10 min"),
        (7200, "about 2 h"),
    ],
)
def test_a_time_is_as_rough_as_it_is_known(seconds: float, words: str) -> None:
    assert about(seconds) == words


def test_time_and_memory_in_one_line() -> None:
    tried = Tried(
        seconds=231, step_seconds=0.5, peak_bytes=1_600_000_000, free_bytes=23_000_000_000, rows_at_once=32,
        precision="fp32",
    )  # fmt: skip
    assert in_short(tried) == "about 4 min on this machine, peak 1.6 GB of 23.0 GB free"
