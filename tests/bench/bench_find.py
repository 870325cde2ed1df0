"""Finding among a million rows: search, every filter, every order, and keys while a search is going.

    python tests/bench/bench_find.py [--rows 1000000] [--searches 5] [--keys 60]

Prints every figure with its bar; status 1 when one is missed. Filters and orders run on the screen's own thread but for
those marked with a star, which the screen works out in another.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from textual import events
from textual.widgets import Input

from tlworkbench.data.filter_counts import EITHER_FIELDS, NAMED_FIELDS, FilterCounts
from tlworkbench.data.filters import FilterInput, RowFilter, select
from tlworkbench.data.keys import unique_keys
from tlworkbench.data.orders import ORDERS, OrderInput, ordered
from tlworkbench.data.rows_meta import KEY, LABEL, MAX_BATCH_ROWS, SPLIT, RowsMeta, encode_meta
from tlworkbench.data.search import search_texts
from tlworkbench.tui.app import Workbench
from tlworkbench.tui.screens.data import DataScreen
from tlworkbench.workspace import Workspace, open_workspace

SEARCH_SECONDS, STEP_SECONDS, KEY_SECONDS = 1.5, 0.1, 0.05
WORDS = "the a to and in is you that it was for on are with still waiting refund app update battery café 😀 again why"
LABELS = ("negative", "neutral", "positive")
FILTERS = {
    "label": RowFilter(labels=("neutral", "")),
    "source label": RowFilter(source_labels=("neutral",)),
    "split": RowFilter(splits=("train",)),
    "edited": RowFilter(edited=True),
    "flagged": RowFilter(flagged=True),
    "excluded": RowFilter(excluded=False),
    "noted": RowFilter(noted=True),
    "predicted ≠ label": RowFilter(differs=True),
    "length (first time *)": RowFilter(shortest=80),
    "length": RowFilter(longest=90),
    "conflicts (first time *)": RowFilter(conflicts=True),
    "conflicts": RowFilter(conflicts=False),
    "seven at once": RowFilter(
        labels=("neutral",), splits=("train",), edited=False, excluded=False, differs=True, conflicts=False, shortest=50
    ),
}
failed: list[str] = []


def told(what: str, seconds: float, bar: float | None = None, more: str = "") -> None:
    """Print a figure."""
    missed = bar is not None and seconds > bar
    verdict = "" if bar is None else f"   bar {1000 * bar:.0f} ms   {'MISSED' if missed else 'ok'}"
    print(f"{what:<44} {1000 * seconds:9.1f} ms{verdict}   {more}", flush=True)
    if missed:
        failed.append(what)


def generate(workspace: Workspace, count: int) -> None:
    """Rows of some 100 characters, one in fifty repeated."""
    rng = np.random.default_rng(7)
    parts = pa.array([" ".join(rng.choice(WORDS.split(), 6)) for _ in range(4000)])
    meta = RowsMeta(source="generated", text=("text",), label="label", label_values=LABELS)
    schema = pa.schema([(KEY, pa.uint64()), (SPLIT, pa.int8()), (LABEL, pa.int32()), ("text", pa.string())])
    keys = unique_keys(rng.integers(0, 2**63, count).astype(np.uint64))
    with pa.ipc.new_file(str(workspace.rows_file), schema.with_metadata(encode_meta(meta))) as sink:
        for begin in range(0, count, MAX_BATCH_ROWS):
            rows = min(MAX_BATCH_ROWS, count - begin)
            drawn = [rng.integers(0, 4000, rows) for _ in range(4)]
            for part in drawn:
                part[: rows // 50] = part[0]
            texts = pc.binary_join_element_wise(*(parts.take(pa.array(part)) for part in drawn), " ")
            labels = rng.integers(-1, len(LABELS), rows).astype(np.int32)
            splits = rng.integers(0, 3, rows).astype(np.int8)
            columns = [pa.array(keys[begin : begin + rows]), pa.array(splits), pa.array(labels), texts]
            sink.write_batch(pa.record_batch(columns, schema=schema))


def filters_and_orders(workspace: Workspace) -> None:
    """Each by itself, on the caller's thread."""
    labelling = workspace.labelling()
    rows, count, rng = workspace.rows(), len(labelling.rows), np.random.default_rng(3)
    for marks in (labelling.edited, labelling.flagged, labelling.excluded, labelling.noted):
        marks[:] = rng.random(count) < 0.1
    given = FilterInput(rows, labelling, rng.integers(-1, 3, count).astype(np.int16), labelling.noted)
    for name, filter in FILTERS.items():
        began = time.perf_counter()
        found = select(filter, given)
        told(
            f"filter: {name}", time.perf_counter() - began, None if "*" in name else STEP_SECONDS, f"{len(found)} rows"
        )
    busy = FILTERS["seven at once"]
    began = time.perf_counter()
    counts = FilterCounts(busy, given)
    for field in (*NAMED_FIELDS, *EITHER_FIELDS):
        counts.choices(field)
    told("filter menu: every count, seven set", time.perf_counter() - began, STEP_SECONDS)
    scores = rng.random(count).astype(np.float32)
    latest = rng.integers(0, count, 100_000)
    for order in ORDERS:
        asked = OrderInput(rows, scores, scores, latest, 5, given.texts)
        everything, began = np.arange(count), time.perf_counter()
        ordered(everything, order.name, asked)
        told(f"order: {order.name}", time.perf_counter() - began, STEP_SECONDS)


def searches(workspace: Workspace, times: int) -> None:
    """Substrings and an expression, to the first rows and to the last."""
    rows = workspace.rows()
    for needle in ("refund again", "Refund", "e", "nowhere at all", "re:refund.*why$"):
        first, whole, found = [], [], 0
        for _ in range(times):
            began, seen, found = time.perf_counter(), 0.0, 0
            for batch in search_texts(rows, needle):
                found += len(batch.rows)
                if found and not seen:
                    seen = time.perf_counter() - began
            whole.append(time.perf_counter() - began)
            first.append(seen)
        more = f"first after {1000 * statistics.median(first):.0f} ms, {found} rows"
        told(f"search: {needle}", statistics.median(whole), SEARCH_SECONDS, more)


async def keys_during_a_search(workspace: Workspace, wanted: int) -> None:
    """From a key to what it does, on the screen with the search's threads at work."""
    app = Workbench(workspace)

    async def answered(key: events.Key, now: Callable[[], object], wanted: object) -> float:
        began = time.perf_counter()
        key.set_sender(app)
        app.post_message(key)
        while now() != wanted:  # noqa: ASYNC110 - the program under test knows of no one who waits
            await asyncio.sleep(0.001)
        return time.perf_counter() - began

    async with app.run_test(size=(140, 45)) as pilot:
        screen = app.screen
        assert isinstance(screen, DataScreen)
        table, line = screen._table, screen._panes.search_line
        while table.row is None:
            await pilot.pause(0.05)
        for busy in (False, True):
            moves: list[float] = []
            while len(moves) < wanted:
                if busy and line._worker is None:
                    line.search(f"re:(refund|why).*{len(moves)}$")
                place = table.place
                moves.append(await answered(events.Key("down", None), lambda: table.place, place + 1))
            percentile = float(np.percentile(moves, 95))
            told(f"key: down, {'while searching' if busy else 'at rest'}, p95", percentile, KEY_SECONDS)
        await pilot.press("escape", "slash")
        field, typed = line.query_one(Input), ""
        letters: list[float] = []
        for letter in ("waiting refund again why " * 9)[:wanted]:
            typed += letter
            name = "space" if letter == " " else letter
            letters.append(await answered(events.Key(name, letter), lambda: field.value, typed))
        told("key: a letter of the search, p95", float(np.percentile(letters, 95)), KEY_SECONDS)


def main() -> int:
    """Run it once."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--searches", type=int, default=5)
    parser.add_argument("--keys", type=int, default=60)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["TLWORKBENCH_HOME"] = home
        workspace = open_workspace("find", create=True)
        workspace.update(where={"screen": "data"})
        generate(workspace, given.rows)
        print(f"{given.rows} rows, load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
        searches(workspace, given.searches)
        filters_and_orders(workspace)
        asyncio.run(keys_during_a_search(workspace, given.keys))
    print(f"missed: {', '.join(failed)}" if failed else "every bar is met")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
