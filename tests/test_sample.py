"""The bundled sample: its size and skew, and every fault that was planted in it on purpose."""

import csv
from collections import Counter, defaultdict
from pathlib import Path

SAMPLE = Path(__file__).parents[1] / "tlworkbench/sample/messages.csv"

CLASSES = {"complaint", "question", "praise"}

# Text -> true label. The file gives each of these another class.
WRONG_LABELS: dict[str, str] = {
    "Really pleased with the keyboard, typing is fun again.": "praise",
    "They quoted me 40 for the repair and charged 115. Rip-off.": "complaint",
    "Still no invoice after three weeks of begging, I'm sick of being ignored.": "complaint",
    "Your plastic-free packaging is a joy, I love that even the tape was paper. Wonderful!": "praise",
    "Parcel marked as handed to a neighbour, none of them has it. Your courier lied and I'm angry.": "complaint",
    "Horrible experience from start to finish, nothing worked and nobody helped. Never again.": "complaint",
    "You people are amazing, the spare part arrived the very next day.": "praise",
    "Charged me for gift wrap and then delivered it in a dirty plastic bag, shameful.": "complaint",
    "The router is rubbish, dies twice a day and your support line is no help at all": "complaint",
    "Could you recommend a quiet keyboard for a shared bedroom?": "question",
    "What are the steps to pair the remote with a second television?": "question",
    "So glad I found this shop, everything arrived in perfect condition.": "praise",
    "The update deleted my saved templates with no way back, I am really upset.": "complaint",
    "Your password reset is broken, the mail never arrives, I have wasted a whole evening on this.": "complaint",
    "Is the base supposed to get slightly warm, and can I leave it plugged in overnight?": "question",
    "Does the watch work with a phone that's five or six years old?": "question",
    "You wiped my tablet during the repair and lost all my photos, I'm devastated and furious.": "complaint",
    "Can I combine two discount codes in one order?": "question",
    "The e-reader is faulty, turns pages on its own, five at a time. Very annoying.": "complaint",
    "Brilliant little gadget, I use it every single day and love it.": "praise",
    "Which of your headphones would you recommend for somebody who wears glasses?": "question",
    "So happy with the repair, looks like new and cost less than quoted. Excellent work.": "praise",
    "Data export takes hours, fails at 98%, and starts all over again. Maddening.": "complaint",
    "Are you open on the bank holiday?": "question",
}

# Text -> label. The same text with the same label stands twice in the file.
EXACT_DUPLICATES: dict[str, str] = {
    "Crashes on launch. Useless.": "complaint",
    "What's the phone number for repairs?": "question",
    "Great app, thanks!": "praise",
    "My refund was promised within five days. We are on day twenty-three.": "complaint",
}

# Text -> the two labels it stands with.
CONFLICTS: dict[str, set[str]] = {
    "After the update my widgets are gone. How do I put them back on the home screen?": {"complaint", "question"},
    "Delivery was a day late, still, the product is so good that I really don't mind.": {"complaint", "praise"},
}

# Row numbers, counted from 1 below the header.
EMPTY_ROWS = [332]


def read_rows() -> list[tuple[str, str]]:
    with SAMPLE.open(encoding="utf-8", newline="") as handle:
        table = list(csv.reader(handle, strict=True))
    assert table[0] == ["text", "label"]
    assert all(len(row) == 2 for row in table)
    return [(text, label) for text, label in table[1:]]


def labels_by_text() -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for text, label in read_rows():
        if text.strip():
            found[text].append(label)
    return dict(found)


def test_plain_utf8_with_line_feeds() -> None:
    raw = SAMPLE.read_bytes()
    assert raw.startswith(b"text,label\n")
    assert raw.endswith(b"\n")
    assert b"\r" not in raw
    assert all(text == text.strip() for text, _ in read_rows())


def test_enough_rows() -> None:
    assert len(read_rows()) >= 400


def test_three_classes_with_the_intended_skew() -> None:
    counts = Counter(label for _, label in read_rows())
    assert set(counts) == CLASSES
    total = counts.total()
    assert 0.46 <= counts["complaint"] / total <= 0.54
    assert 0.28 <= counts["question"] / total <= 0.36
    assert 0.14 <= counts["praise"] / total <= 0.22


def test_rows_are_not_sorted_by_class() -> None:
    labels = [label for _, label in read_rows()]
    for start in range(0, len(labels) - 59, 60):
        assert set(labels[start : start + 60]) == CLASSES


def test_messages_vary_in_length() -> None:
    lengths = {len(text.split()) for text in labels_by_text()}
    assert min(lengths) >= 3
    assert max(lengths) <= 45
    assert len(lengths) >= 25


def test_every_listed_wrong_label_is_wrong_in_the_file() -> None:
    found = labels_by_text()
    for text, truth in WRONG_LABELS.items():
        assert truth in CLASSES
        assert len(found[text]) == 1, text
        assert found[text] != [truth], text


def test_share_of_wrong_labels() -> None:
    assert 0.04 <= len(WRONG_LABELS) / len(read_rows()) <= 0.06


def test_wrong_labels_keep_clear_of_duplicates_and_conflicts() -> None:
    assert WRONG_LABELS.keys().isdisjoint(EXACT_DUPLICATES.keys() | CONFLICTS.keys())


def test_exact_duplicates_are_those_listed() -> None:
    counts = Counter(read_rows())
    assert {text: label for (text, label), n in counts.items() if n > 1} == EXACT_DUPLICATES
    assert all(counts[text, label] == 2 for text, label in EXACT_DUPLICATES.items())


def test_conflicts_are_those_listed() -> None:
    found = {text: labels for text, labels in labels_by_text().items() if len(set(labels)) > 1}
    assert {text: set(labels) for text, labels in found.items()} == CONFLICTS
    assert all(len(labels) == 2 for labels in found.values())


def test_no_unplanned_repeats_that_differ_only_in_case_or_spacing() -> None:
    texts = list(labels_by_text())
    assert len({" ".join(text.casefold().split()) for text in texts}) == len(texts)


def test_empty_rows_are_those_listed() -> None:
    assert [number for number, (text, _) in enumerate(read_rows(), start=1) if not text.strip()] == EMPTY_ROWS
