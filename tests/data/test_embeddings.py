"""The cache of embeddings: what is written is found again, whatever interrupts the writer."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from tlworkbench.data import embedding_files
from tlworkbench.data.embedding_files import EmbeddingsMeta, Floats, Keys, append
from tlworkbench.data.embeddings import Embeddings
from tlworkbench.errors import UserError

META = EmbeddingsMeta(dimensions=4, model="tiny", max_length=16)


def keys(*numbers: int) -> Keys:
    return np.array(numbers, np.uint64)


def vectors(count: int, seed: int = 1) -> Floats:
    # Numbers that float16 holds exactly.
    return np.random.default_rng(seed).integers(-50, 50, (count, 4)).astype(np.float32)


def opened(folder: Path) -> Embeddings:
    found = Embeddings.open(folder)
    assert found is not None
    return found


def test_there_is_nothing_before_the_first_row(tmp_path: Path) -> None:
    assert Embeddings.open(tmp_path / "none") is None


def test_vectors_come_back_by_key(tmp_path: Path) -> None:
    written = vectors(3)
    assert append(tmp_path, META, keys(30, 2**64 - 1, 10), written) == 3
    found = opened(tmp_path)
    assert found.meta == META and len(found) == 3
    assert found.vectors(keys(10, 30)).tolist() == written[[2, 0]].tolist()
    assert found.vectors([2**64 - 1]).tolist() == written[[1]].tolist()
    assert found.has(keys(10, 11)).tolist() == [True, False]
    with pytest.raises(UserError, match="1 rows have no embeddings yet"):
        found.vectors(keys(10, 11))


def test_a_key_is_kept_once(tmp_path: Path) -> None:
    first, second = vectors(2), vectors(4, seed=2)
    append(tmp_path, META, keys(1, 2), first)
    assert append(tmp_path, META, keys(2, 3, 3, 4), second) == 2
    found = opened(tmp_path)
    assert found.keys.tolist() == [1, 2, 3, 4]
    assert found.vectors(keys(2, 3)).tolist() == [first[1].tolist(), second[1].tolist()]


def test_numbers_too_large_for_float16_stay_finite(tmp_path: Path) -> None:
    append(tmp_path, META, keys(1), np.array([[1e9, -1e9, 0, 1]], np.float32))
    assert np.isfinite(opened(tmp_path).vectors([1])).all()


@pytest.mark.parametrize(("keys_left", "vectors_left"), [(2, 2), (2, 3), (2, 2.4), (1.4, 3), (0, 1), (5, 1)])
def test_what_a_kill_leaves_is_cut_off_and_the_rest_stays(
    tmp_path: Path, keys_left: float, vectors_left: float
) -> None:
    written = vectors(5)
    append(tmp_path, META, keys(1, 2, 3, 4, 5), written)
    os.truncate(tmp_path / embedding_files.KEYS_NAME, int(keys_left * 8))
    os.truncate(tmp_path / embedding_files.VECTORS_NAME, int(vectors_left * 8))
    whole = int(min(keys_left, vectors_left))
    assert len(opened(tmp_path)) == whole
    append(tmp_path, META, keys(8, 9), vectors(2, seed=3))
    found = opened(tmp_path)
    assert found.keys.tolist() == [*range(1, whole + 1), 8, 9]
    assert found.vectors(found.keys[:whole]).tolist() == written[:whole].tolist()
    assert found.vectors([8, 9]).tolist() == vectors(2, seed=3).tolist()
    # What stood behind is gone: a key left there would be taken for that of the next vector.
    for name in (embedding_files.KEYS_NAME, embedding_files.VECTORS_NAME):
        assert (tmp_path / name).stat().st_size == 8 * len(found)


_WRITER = """
import sys
from pathlib import Path
import numpy as np
from tlworkbench.data.embedding_files import EmbeddingsMeta, append
folder, first = Path(sys.argv[1]), int(sys.argv[2])
for start in range(first, first + 100_000, 500):
    keys = np.arange(start, start + 500, dtype=np.uint64)
    append(folder, EmbeddingsMeta(dimensions=4), keys, np.repeat((keys % 1000).astype(np.float32)[:, None], 4, 1))
    print(start, flush=True)
"""


def test_two_writers_killed_at_work_leave_whole_vectors(tmp_path: Path) -> None:
    children = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path), first], stdout=subprocess.PIPE)
        for first in ("0", "200000")
    ]
    try:
        acknowledged = []
        for child in children:
            assert child.stdout is not None
            acknowledged.append([int(child.stdout.readline()) for _ in range(5)])
    finally:
        for child in children:
            child.send_signal(signal.SIGKILL)
        rest = [child.communicate()[0].split() for child in children]
    found = opened(tmp_path)
    told = {number for numbers in acknowledged for number in numbers} | {int(n) for lines in rest for n in lines}
    wanted = np.concatenate([np.arange(start, start + 500, dtype=np.uint64) for start in sorted(told)])
    assert found.has(wanted).all() and len(np.unique(found.keys)) == len(found)
    assert (found.vectors(found.keys) == (found.keys % 1000)[:, None]).all()


def test_a_reader_goes_on_while_others_write(tmp_path: Path) -> None:
    written = vectors(3)
    append(tmp_path, META, keys(1, 2, 3), written)
    found = opened(tmp_path)
    threads = [
        threading.Thread(target=append, args=(tmp_path, META, keys(n * 10, n * 10 + 1), vectors(2, n)))
        for n in range(1, 9)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.vectors(keys(3, 1)).tolist() == written[[2, 0]].tolist() and len(found) == 3
    assert len(opened(tmp_path)) == 19


def test_vectors_of_another_size_are_refused(tmp_path: Path) -> None:
    append(tmp_path, META, keys(1), vectors(1))
    with pytest.raises(UserError, match="holds vectors of 4 numbers, not 5"):
        append(tmp_path, EmbeddingsMeta(dimensions=5), keys(2), np.zeros((1, 5), np.float32))
    assert len(opened(tmp_path)) == 1


@pytest.mark.parametrize(
    ("content", "what"), [(b"{", "is damaged"), (b'{"format": 9, "dimensions": 4}', "newer tlworkbench")]
)
def test_a_damaged_folder_says_what_to_do(tmp_path: Path, content: bytes, what: str) -> None:
    append(tmp_path, META, keys(1), vectors(1))
    (tmp_path / embedding_files.META_NAME).write_bytes(content)
    with pytest.raises(UserError, match=what) as raised:
        Embeddings.open(tmp_path)
    assert "Remove the folder" in raised.value.hint


def test_the_nearest_are_found_in_pieces_as_in_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 400
    written = np.random.default_rng(5).normal(size=(count, 4)).astype(np.float16).astype(np.float32)
    all_keys = np.random.default_rng(6).permutation(10_000)[:count].astype(np.uint64)
    append(tmp_path, META, all_keys, written)
    monkeypatch.setattr("tlworkbench.data.embeddings._CHUNK", 70)
    found = opened(tmp_path)
    unit = written / np.linalg.norm(written, axis=1, keepdims=True)
    alike = unit @ unit[7]
    alike[7] = -2
    best = np.argsort(-alike)[:20]
    near, similarities = found.nearest(int(all_keys[7]))
    assert near.tolist() == all_keys[best].tolist()
    assert similarities == pytest.approx(alike[best], abs=1e-5)
    # Only rows of this dataset, though others are nearer.
    among = np.sort(all_keys[100:])
    near, _ = found.nearest(int(all_keys[7]), 5, np.concatenate([among, keys(99_999)]))
    assert near.tolist() == all_keys[[row for row in np.argsort(-alike) if row >= 100][:5]].tolist()


def test_fewer_rows_than_wanted_are_all_of_them(tmp_path: Path) -> None:
    append(tmp_path, META, keys(1, 2, 3), vectors(3))
    near, similarities = opened(tmp_path).nearest_to(keys(1, 2), 5)
    assert near.shape == similarities.shape == (2, 2)
    assert sorted(near[0].tolist()) == [2, 3] and sorted(near[1].tolist()) == [1, 3]
    with pytest.raises(UserError, match="no embeddings yet"):
        opened(tmp_path).nearest(9)
