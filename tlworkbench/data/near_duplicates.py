"""Rows whose texts are nearly the same.

Two texts are near when they have the same words (see `word_hashes.plain_words`), or when the sets of their words and
word pairs have a Jaccard similarity of at least `SIMILARITY`. Candidates come from MinHash in bands (Broder 1997; Indyk
and Motwani 1998); each is then verified on the sets themselves, so nothing is near by chance, and of pairs that just
reach the threshold one or two in a hundred are missed.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from tlworkbench.data.duplicates import Groups
from tlworkbench.data.mixing import UInt64s, mixed
from tlworkbench.data.word_hashes import Offsets, UInt32s, WordHashes, word_hashes

SIMILARITY = 0.7
"""Looked at on 61 727 tweets: nearly all pairs above it are retweets and cut or tagged anew; below 0.6 templates with
other content begin."""
FEWEST_WORDS = 5
"""Shorter texts are near only with the same words: one other word in four is another statement."""
_BANDS = 16
_IN_BAND = 4
_PIECE_BYTES = 1 << 20
_PAIRS_AT_ONCE = 4096
_SHINGLES_AT_ONCE = 1 << 21

Pairs = np.ndarray[Any, np.dtype[np.int64]]


class Cancelled(Exception):
    """Nobody waits for the result any more."""


def near_groups(
    texts: pa.ChunkedArray,
    groups: Groups,
    cancelled: Callable[[], bool] = lambda: False,
    similarity: float = SIMILARITY,
) -> Groups:
    """A number for each row; two rows have the same number where a chain of near texts leads from one to the other.

    groups: what `text_groups` gave; each distinct text is looked at once. Memory: some 150 bytes a distinct text, and a
    few megabytes of text at a time. Raises Cancelled soon after `cancelled` says so.
    """
    first, of_row = _firsts(groups)
    distinct = _Texts(texts, first, cancelled)
    hashes, bands, long = _signatures(distinct)
    # Texts without a word (only links, marks, emoji's joiners) are like no other one.
    hashes[hashes == 0] = mixed(np.flatnonzero(hashes == 0).astype(np.uint64) + np.uint64(1))
    _, firsts, of_text = np.unique(hashes, return_index=True, return_inverse=True)
    leaders = firsts[of_text]
    candidates = np.flatnonzero(long & (leaders == np.arange(len(leaders))))
    linked = _linked(distinct, bands, candidates, similarity)
    near = np.arange(len(leaders))
    near[candidates] = candidates[linked]
    return near[leaders][of_row].astype(np.int32)


class _Texts:
    """Some rows' texts, taken a few megabytes at a time."""

    def __init__(self, column: pa.ChunkedArray, rows: Offsets, cancelled: Callable[[], bool]) -> None:
        self._chunks = column.chunks
        self._starts = np.cumsum([0, *map(len, self._chunks)])
        self._rows = rows
        self._size = max(1, column.nbytes // max(len(column), 1))
        self.cancelled = cancelled

    def __len__(self) -> int:
        return len(self._rows)

    def pieces(self) -> Iterator[pa.Array]:
        """All of them in order."""
        step = max(1, _PIECE_BYTES // self._size)
        for begin in range(0, len(self), step):
            yield self.take(np.arange(begin, min(begin + step, len(self))))

    def take(self, places: Offsets) -> pa.Array:
        """Those at ascending places."""
        if self.cancelled():
            raise Cancelled
        rows = self._rows[places]
        cuts = np.searchsorted(rows, self._starts)
        taken = [
            self._chunks[n].take(pa.array(rows[cuts[n] : cuts[n + 1]] - self._starts[n]))
            for n in np.flatnonzero(np.diff(cuts))
        ]
        return pa.concat_arrays(taken) if taken else pa.array([], pa.string())


def _firsts(groups: Groups) -> tuple[Offsets, Offsets]:
    """The first row of each group, ascending, and for each row the place of its group's there."""
    first = np.full(int(groups.max(initial=-1)) + 1, -1, np.int64)
    first[groups[::-1]] = np.arange(len(groups))[::-1]
    rows = np.sort(first[first >= 0])
    place = np.zeros(len(first), np.int64)
    place[groups[rows]] = np.arange(len(rows))
    return rows, place[groups]


def _signatures(texts: _Texts) -> tuple[UInt64s, UInt32s, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Hash of each text's words, its band keys (bands × texts), and whether it is long enough for them."""
    hashes = np.zeros(len(texts), np.uint64)
    bands = np.zeros((_BANDS, len(texts)), np.uint32)
    long = np.zeros(len(texts), np.bool_)
    numbers = mixed(np.arange(1, 2 * _BANDS * _IN_BAND + 1, dtype=np.uint64))
    factors = (numbers >> np.uint64(32)).astype(np.uint32)[::2] | np.uint32(1)
    flips = (numbers >> np.uint64(32)).astype(np.uint32)[1::2]
    begin = 0
    for piece in texts.pieces():
        words = word_hashes(piece)
        here = slice(begin, begin + len(piece))
        hashes[here] = words.text_hashes()
        enough = words.counts >= FEWEST_WORDS
        long[here] = enough
        if enough.any():
            shingles, starts = _shingles(words, np.flatnonzero(enough))
            keys = np.zeros((_BANDS, int(enough.sum())), np.uint32)
            for number, (factor, flip) in enumerate(zip(factors, flips, strict=True)):
                least = np.minimum.reduceat((shingles ^ flip) * factor, starts[:-1])
                band = keys[number // _IN_BAND]
                band *= np.uint32(0x9E3779B1)
                band ^= least ^ (least >> np.uint32(15))
            bands[:, np.flatnonzero(enough) + begin] = keys
        begin += len(piece)
    return hashes, bands, long


def _shingles(words: WordHashes, texts: Offsets) -> tuple[UInt32s, Offsets]:
    """Words and word pairs of some of the texts, and where each text's begin; as many of one as of the other."""
    counts = words.counts[texts]
    starts = np.concatenate([[0], np.cumsum(2 * counts)])
    places = np.arange(int(counts.sum())) + np.repeat(words.offsets[:-1][texts] - starts[:-1] // 2, counts)
    both = np.empty((len(places), 2), np.uint32)
    both[:, 0] = words.words[places] >> np.uint64(32)
    both[:, 1] = words.pairs[places] >> np.uint64(32)
    return both.reshape(-1), starts


def _linked(texts: _Texts, bands: UInt32s, candidates: Offsets, similarity: float) -> Offsets:
    """For each candidate the first one that a chain of near texts leads to."""
    linked = np.arange(len(candidates))
    for keys in bands:
        if texts.cancelled():
            raise Cancelled
        band = keys[candidates]
        order = np.argsort(band, kind="stable")
        same = np.flatnonzero(band[order[1:]] == band[order[:-1]]) + 1
        if not len(same):
            continue
        starts = np.flatnonzero(np.concatenate([[True], band[order[1:]] != band[order[:-1]]]))
        bucket_first = order[starts[np.searchsorted(starts, same, side="right") - 1]]
        # Each with the one before it and with the first of its bucket: enough to link a bucket of near texts, and
        # never more than two pairs a text, however large a bucket is.
        pairs = np.concatenate([np.stack([order[same - 1], order[same]], 1), np.stack([bucket_first, order[same]], 1)])
        pairs = np.unique(pairs[linked[pairs[:, 0]] != linked[pairs[:, 1]]], axis=0)
        if len(pairs):
            _link(linked, pairs[_near(texts, candidates, pairs, similarity)])
    return linked


def _link(linked: Offsets, pairs: Pairs) -> None:
    """Join what the pairs connect, in place."""
    while True:
        ends = linked[pairs]
        apart = ends[:, 0] != ends[:, 1]
        if not apart.any():
            return
        np.minimum.at(linked, ends[apart].max(axis=1), ends[apart].min(axis=1))
        while not np.array_equal(linked[linked], linked):
            linked[:] = linked[linked]


def _near(texts: _Texts, candidates: Offsets, pairs: Pairs, similarity: float) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which pairs reach the similarity, on the whole sets."""
    near = np.zeros(len(pairs), np.bool_)
    for begin in range(0, len(pairs), _PAIRS_AT_ONCE):
        part = pairs[begin : begin + _PAIRS_AT_ONCE]
        wanted, places = np.unique(part, return_inverse=True)
        sets, starts = _sets(texts.take(candidates[wanted]))
        near[begin : begin + _PAIRS_AT_ONCE] = _jaccard(sets, starts, places.reshape(-1, 2)) >= similarity
    return near


def _sets(texts: pa.Array) -> tuple[UInt32s, Offsets]:
    """Each text's set of words and word pairs, one after another, ascending in each."""
    words = word_hashes(texts)
    shingles, starts = _shingles(words, np.arange(len(texts)))
    tagged = np.repeat(np.arange(len(texts), dtype=np.uint64) << np.uint64(32), np.diff(starts)) | shingles
    tagged = np.unique(tagged)
    bounds = np.searchsorted(tagged, np.arange(len(texts) + 1, dtype=np.uint64) << np.uint64(32))
    return tagged.astype(np.uint32), bounds.astype(np.int64)


def _jaccard(sets: UInt32s, starts: Offsets, pairs: Pairs) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Size of what two sets share over the size of both together, for each pair."""
    sizes = np.diff(starts)[pairs]
    shared = np.zeros(len(pairs), np.int64)
    ends = np.cumsum(sizes.sum(axis=1))
    begin = 0
    while begin < len(pairs):
        # Sorted together with the pair's number, what both have stands twice.
        already = ends[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, already + _SHINGLES_AT_ONCE)))
        counts = sizes[begin:end].reshape(-1)
        offsets = np.concatenate([[0], np.cumsum(counts)[:-1]])
        places = np.arange(int(counts.sum())) + np.repeat(starts[:-1][pairs[begin:end].reshape(-1)] - offsets, counts)
        numbers = np.repeat(np.arange(end - begin, dtype=np.uint64), counts.reshape(-1, 2).sum(axis=1))
        tagged = np.sort(numbers << np.uint64(32) | sets[places])
        twice = tagged[1:][tagged[1:] == tagged[:-1]] >> np.uint64(32)
        shared[begin:end] = np.bincount(twice.astype(np.int64), minlength=end - begin)
        begin = end
    return np.asarray(shared / np.maximum(sizes.sum(axis=1) - shared, 1), np.float64)
