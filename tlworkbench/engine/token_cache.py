"""Texts tokenised once for all runs: ids are kept on the disk by the hash of the text, and read back from there.

The hash is the row's key, but for rows whose text occurs twice: those share one. So a second run on the same rows
tokenises none of them, whichever workspace they lie in, and one with new rows tokenises those alone.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from tlworkbench import paths
from tlworkbench.data.keys import content_hashes
from tlworkbench.engine.texts import TokenisedTexts, tokenise
from tlworkbench.engine.token_files import ROWS_NAME, Damaged, TokenFiles, append, begin_anew, bytes_of, id_places

_FORMAT = 1
_MOST = 2 << 30
"""Bytes on the disk for the tokens of all models together."""
_AT_ONCE = 16_384
"""Texts tokenised before they are kept: what a kill may cost."""


def tokenise_kept(
    tokenizer: Any,
    texts: Sequence[str],
    max_length: int,
    told: Callable[[int], None],
    note: Callable[[str], None] = lambda text: None,
) -> TokenisedTexts:
    """`tokenise` with what earlier runs made; `told` hears how many texts are done, `note` what goes wrong with that.

    Where the kept tokens are damaged they are made anew; where they can't be written, the run goes on without.
    """
    if not getattr(tokenizer, "is_fast", False):
        return tokenise(tokenizer, texts, max_length, told)
    keys = content_hashes(texts)
    folder = paths.cache_dir() / "tokens" / tokenizer_identity(tokenizer, max_length)
    types = _has_types(tokenizer)
    keeping = _Keeping(folder, note)
    try:
        try:
            return _with(TokenFiles(folder, types), keeping, keys, tokenizer, texts, max_length, told)
        except Damaged as damage:
            note(f"the kept tokens in {folder} are damaged ({damage}): the texts are tokenised anew")
            begin_anew(folder)
            return _with(TokenFiles(folder, types), keeping, keys, tokenizer, texts, max_length, told)
    except (OSError, Damaged) as error:
        note(f"kept tokens can't be read: {getattr(error, 'strerror', None) or error}")
        return tokenise(tokenizer, texts, max_length, told)


def tokenizer_identity(tokenizer: Any, max_length: int) -> str:
    """32 hex digits for what turns a text into ids: vocabulary, rules, length, and the libraries that apply them."""
    # What was asked for last stands in there too, and is set at each call.
    rules = json.loads(tokenizer.backend_tokenizer.to_str())
    document = {
        "format": _FORMAT,
        "rules": {name: value for name, value in rules.items() if name not in ("truncation", "padding")},
        "side": tokenizer.truncation_side,
        "types": _has_types(tokenizer),
        "padding": tokenizer.pad_token_id,
        "length": max_length,
        "libraries": [version("tokenizers"), version("transformers")],
    }
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:32]


def _has_types(tokenizer: Any) -> bool:
    return "token_type_ids" in tokenizer("", return_attention_mask=False)


def _with(
    kept: TokenFiles,
    keeping: "_Keeping",
    keys: np.ndarray[Any, np.dtype[np.uint64]],
    tokenizer: Any,
    texts: Sequence[str],
    max_length: int,
    told: Callable[[int], None],
) -> TokenisedTexts:
    """Texts from what is kept, the others tokenised; raises Damaged where the kept ids are not what was written."""
    places = kept.places(keys)
    there = np.flatnonzero(places >= 0)
    _, first = np.unique(keys, return_index=True)
    new = np.sort(first[places[first] < 0])
    made: list[TokenisedTexts] = []
    done = len(texts) - len(new)
    told(done)
    for start in range(0, len(new), _AT_ONCE):
        part = new[start : start + _AT_ONCE]
        chosen = [texts[place] for place in part.tolist()]
        made.append(tokenise(tokenizer, chosen, max_length, _from(done + start, told)))
        keeping.keep(keys[part], made[-1])
    keeping.used()
    if len(new) == len(texts) and len(made) == 1:
        return made[0]
    which = np.full(len(texts), -1, np.int64)
    if len(new):
        order = np.argsort(keys[new])
        rest = np.flatnonzero(places < 0)
        which[rest] = order[np.searchsorted(keys[new][order], keys[rest])]
    return _joined(kept, places, there, made, which, tokenizer)


def _from(done: int, told: Callable[[int], None]) -> Callable[[int], None]:
    return lambda count: told(done + count)


def _joined(
    kept: TokenFiles,
    places: np.ndarray[Any, np.dtype[np.int64]],
    there: np.ndarray[Any, np.dtype[np.int64]],
    made: list[TokenisedTexts],
    which: np.ndarray[Any, np.dtype[np.int64]],
    tokenizer: Any,
) -> TokenisedTexts:
    """One array of the kept texts and the new ones; `which` is a text's number among the new ones."""
    lengths = np.zeros(len(places), np.int64)
    cut = np.zeros(len(places), np.bool_)
    lengths[there] = kept.lengths(places[there])
    cut[there] = kept.cut(places[there])
    rest = np.flatnonzero(which >= 0)
    made_lengths = np.concatenate([np.zeros(0, np.int64), *(part.lengths for part in made)])
    if len(rest):
        lengths[rest] = made_lengths[which[rest]]
        cut[rest] = np.concatenate([part.cut for part in made])[which[rest]]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    ids = np.empty(offsets[-1], np.int32)
    segments = np.zeros(offsets[-1], np.int32) if _has_types(tokenizer) else None
    kept.read(places[there], ids, segments, offsets[there])
    if len(rest):
        source = id_places((np.cumsum(made_lengths) - made_lengths)[which[rest]], lengths[rest])
        target = id_places(offsets[rest], lengths[rest])
        ids[target] = np.concatenate([part.ids for part in made])[source]
        if segments is not None:
            types = [part.segments for part in made if part.segments is not None]
            segments[target] = np.concatenate(types)[source]
    return TokenisedTexts(
        ids=ids,
        offsets=offsets,
        segments=segments,
        cut=cut,
        pad_id=int(tokenizer.pad_token_id),
        pad_left=tokenizer.padding_side == "left",
    )


class _Keeping:
    """New tokens written to their folder, within the room there is for all."""

    def __init__(self, folder: Path, note: Callable[[str], None]) -> None:
        self._folder = folder
        self._note = note
        self._begun_anew = False
        self._full = False

    def keep(self, keys: np.ndarray[Any, np.dtype[np.uint64]], texts: TokenisedTexts) -> None:
        """Append, making room first; what can't be kept is told once."""
        if self._full:
            return
        needed = texts.ids.nbytes + len(texts.ids) + 32 * len(texts)
        try:
            if not make_room(self._folder, needed):
                # What has gathered here from other rows gives way to these, once.
                self._full = self._begun_anew
                if self._full:
                    return
                self._begun_anew = True
                begin_anew(self._folder)
            append(self._folder, keys, texts)
        except OSError as error:
            self._full = True
            self._note(f"tokens could not be kept in {self._folder}: {error.strerror or error}")

    def used(self) -> None:
        """Remember that these were of use just now: those unused for longest go first."""
        with contextlib.suppress(OSError):
            os.utime(self._folder / ROWS_NAME)


def make_room(folder: Path, needed: int) -> bool:
    """Remove folders beside this one, unused for longest first, until so many bytes fit; whether they do."""
    others = [other for other in folder.parent.glob("*") if other != folder and (other / ROWS_NAME).is_file()]
    with contextlib.suppress(FileNotFoundError):
        others.sort(key=lambda other: (other / ROWS_NAME).stat().st_mtime)
    room = _MOST - needed - bytes_of(folder) - sum(bytes_of(other) for other in others)
    for other in others:
        if room >= 0:
            break
        room += bytes_of(other)
        shutil.rmtree(other, ignore_errors=True)
    return room >= 0
