"""Labels by rule: what a rule fits, what becomes of the label set, and that rows and the source's labels follow."""

from collections.abc import Iterator
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from tests.data.test_labelling import Rows
from tlworkbench.data.journal import Journal
from tlworkbench.data.label_rules import Rule, apply_rules, parse_rule, parse_rules, preview
from tlworkbench.data.labelling import Labelling
from tlworkbench.errors import UserError

STARS = ("1", "2", "3", "4", "5")


@pytest.fixture
def rows() -> Rows:
    return Rows([0, 1, 2, 3, 4, 0, 1, -1], STARS)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "labels.sqlite", STARS) as journal:
        yield journal


def labelled(rows: Rows, journal: Journal) -> list[str]:
    labelling = Labelling(rows, journal)
    found = [labelling.label_set.get(int(number)) for number in labelling.current]
    return [label.name if label else "" for label in found]


@pytest.mark.parametrize(
    ("rule", "fits", "not_"),
    [
        ("neg=x", ["neg"], ["negative", "NEG"]),
        ("3=x", ["3", "3.0"], ["33", "-3"]),
        ("1..2=x", ["1", "2", "1.5", "1.0"], ["0.9", "2.01", "x", "", "nan"]),
        ("..3=x", ["3", "-7", "0"], ["3.5", "three"]),
        ("7..=x", ["7", "1000"], ["6.9", "inf"]),
        ("-2 .. 0=x", ["-2", "-0.5", "0"], ["-2.1", "0.1"]),
        ("0..=x", ["0", "5"], ["-1"]),
        ("re:^neg=x", ["neg", "negative"], ["not neg"]),
        ("re:a=b=x", ["a=b"], ["a"]),
        ("*=x", ["", "anything"], []),
        ('"*"=x', ["*"], ["y"]),
        ('"1..2"=x', ["1..2"], ["1"]),
    ],
)
def test_what_a_rule_fits(rule: str, fits: list[str], not_: list[str]) -> None:
    parsed = parse_rule(rule)
    assert parsed.target == "x"
    assert [value for value in (*fits, *not_) if parsed.fits(value)] == fits


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("negative", "is no rule"),
        ("=x", "is no rule"),
        ("..=x", "no range"),
        ("3..1=x", "holds nothing"),
        ("re:(=x", "no pattern"),
        ("1=" + "x" * 65, "too long"),
    ],
)
def test_what_is_no_rule_is_told(rule: str, why: str) -> None:
    with pytest.raises(UserError, match=why) as raised:
        parse_rule(rule)
    assert raised.value.hint


def test_the_first_rule_that_fits_counts() -> None:
    rules = parse_rules(" ..2 = bad; 2=never;re:^n= neutral ; *= ")
    values = ["1", "2", "nice", "9"]
    assert apply_rules(values, rules) == {"1": "bad", "2": "bad", "nice": "neutral", "9": ""}
    assert apply_rules(values, rules[:1]) == {"1": "bad", "2": "bad"}


def test_rules_are_one_edit_that_rows_follow_and_undo_takes_back(rows: Rows, journal: Journal) -> None:
    before = journal.label_set()
    edit = journal.map_by_rule(parse_rules("..2=negative; 3=neutral; 4..=positive"))
    assert edit is not None and (edit.means, edit.kind) == ("rule", "labels")
    assert edit.text == "..2 → negative; 3 → neutral; 4.. → positive"
    assert journal.label_set().names == ("negative", "neutral", "positive")
    expected = ["negative", "negative", "neutral", "positive", "positive", "negative", "negative", ""]
    assert labelled(rows, journal) == expected
    assert {label.source for label in journal.stored_labels().values()} == set(STARS)
    assert journal.map_by_rule(parse_rules("1..2=negative; 3=neutral; *=positive")) is None
    journal.undo()
    assert journal.label_set() == before and journal.edit_count == 0
    journal.redo()
    assert journal.label_set().names == ("negative", "neutral", "positive")


def test_rules_go_by_the_sources_value_whatever_became_of_its_label(rows: Rows, journal: Journal) -> None:
    journal.map_labels({"1": "bad", "2": "bad", "3": "", "5": "great"})
    journal.map_by_rule(parse_rules("2=so-so; 3=so-so"))
    assert labelled(rows, journal) == ["bad", "so-so", "so-so", "4", "great", "bad", "so-so", ""]
    keys = [label.shortcut for label in journal.label_set().labels]
    assert len(set(keys)) == len(keys), "a label that comes back takes no key that another has"
    journal.map_by_rule(parse_rules("1=great"))
    assert labelled(rows, journal) == ["great", "so-so", "so-so", "4", "great", "great", "so-so", ""]
    # What is left out keeps the name it shows as, though the label that it was merged into goes elsewhere.
    journal.map_by_rule(parse_rules("5=other"))
    assert labelled(rows, journal) == ["great", "so-so", "so-so", "4", "other", "great", "so-so", ""]


def test_a_label_that_comes_back_to_a_taken_key_gets_a_free_one(rows: Rows, journal: Journal) -> None:
    journal.map_labels({"2": "1"})
    journal.add_label("new")
    journal.map_by_rule(parse_rules("2=back"))
    keys = {label.name: label.shortcut for label in journal.label_set().labels}
    assert keys == {"1": "1", "back": "6", "3": "3", "4": "4", "5": "5", "new": "2"}


def test_rules_can_use_a_label_that_was_added_and_rows_set_here_go_with_their_label(
    rows: Rows, journal: Journal
) -> None:
    journal.add_label("spam")
    journal.set_label([rows.key(7)], journal.label_set().index("spam"))
    journal.set_label([rows.key(0)], journal.label_set().index("5"))
    journal.map_by_rule(parse_rules("1=spam; 5=top; 2="))
    assert labelled(rows, journal) == ["top", "", "3", "4", "top", "spam", "", "spam"]
    assert journal.label_set().names == ("3", "4", "top", "spam")


def test_the_preview_is_what_the_edit_brings(rows: Rows, journal: Journal) -> None:
    journal.map_labels({"1": "bad", "2": "bad"})
    journal.set_label([rows.key(7)], journal.label_set().index("5"))
    rules = parse_rules("2..3=middle; 9=never; 4=")
    labelling = Labelling(rows, journal)
    seen = preview(journal.stored_labels(), *labelling.rows_by_id(), rules)
    assert [(value.value, value.rows, value.before, value.after, value.matched) for value in seen.values] == [
        ("1", 2, "bad", "bad", False),
        ("2", 2, "bad", "middle", True),
        ("3", 1, "3", "middle", True),
        ("4", 1, "4", "", True),
        ("5", 2, "5", "5", False),
    ]
    assert seen.unused == ("9",)
    journal.map_by_rule(rules)
    labelling.refresh()
    assert seen.after == tuple(zip(labelling.label_set.names, labelling.counts().tolist(), strict=True))
    assert seen.unlabelled == labelling.unlabelled == 1


names = st.sampled_from(["a", "b", "c", ""])


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(STARS), names, min_size=1), min_size=1, max_size=4),
)
def test_after_any_rules_every_value_shows_as_told_or_as_before(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[dict[str, str]]
) -> None:
    rows = Rows(range(5), STARS)
    with Journal.open(tmp_path_factory.mktemp("rules") / "labels.sqlite", STARS) as journal:
        shown = dict(zip(STARS, STARS, strict=True))
        for targets in rounds:
            journal.map_by_rule([Rule(value, name) for value, name in targets.items()])
            shown |= targets
            assert labelled(rows, journal) == list(shown.values())
            assert set(journal.label_set().names) == set(shown.values()) - {""}
        for _ in range(journal.edit_count):
            journal.undo()
        assert labelled(rows, journal) == list(STARS)
