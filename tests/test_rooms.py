"""The walls between the rooms: who may import whom, and which library belongs where."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tlworkbench

PACKAGE = Path(tlworkbench.__file__).parent
ROOMS = ("catalog", "cli", "comparison", "data", "engine", "inference", "jobs", "preflight", "tui")

# Room → rooms it may import. The modules at the top (errors, paths, workspace, …) are open to all.
ARROWS: dict[str, set[str]] = {
    "catalog": {"jobs"},
    "cli": {"catalog", "comparison", "data", "jobs", "inference", "preflight", "tui"},
    "comparison": {"data", "jobs", "inference"},
    "data": set(),
    "engine": {"catalog", "data", "jobs", "inference", "preflight"},
    "inference": set(),
    "jobs": set(),
    "preflight": {"catalog", "data", "jobs", "inference"},
    "tui": {"catalog", "comparison", "data", "jobs", "inference", "preflight"},
}
HOMES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("torch", "transformers", "datasets", "accelerate", "sklearn", "scipy", "cleanlab", "onnx", "peft"), ("engine",)
    ),
    **dict.fromkeys(("textual", "rich", "plotext"), ("tui",)),
    "tokenizers": ("inference",),
    # Quantising is onnxruntime's too, and happens beside the trace.
    "onnxruntime": ("inference", "engine"),
}


def sources() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first if first in ROOMS else ""


def imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def test_every_arrow_goes_the_right_way() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line} imports {name}"
        for path in sources()
        if (room := room_of(path))
        for name, line in imports(path)
        if name.startswith("tlworkbench.")
        and (target := name.split(".")[1]) in ROOMS
        and target != room
        and target not in ARROWS[room]
    ]
    assert wrong == []


def test_the_engine_is_imported_by_nobody() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in sources()
        if room_of(path) != "engine"
        for name, line in imports(path)
        if name.startswith("tlworkbench.engine")
    ]
    assert wrong == []


def test_every_library_stays_in_its_room() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line} imports {name}"
        for path in sources()
        for name, line in imports(path)
        if room_of(path) not in HOMES.get(name.split(".")[0], (room_of(path),))
    ]
    assert wrong == []


HEAVY = {
    "torch", "transformers", "datasets", "onnxruntime", "sklearn", "scipy", "cleanlab", "pandas", "accelerate", "peft",
}  # fmt: skip


@pytest.mark.parametrize(
    ("code", "banned"),
    [
        ("import tlworkbench.tui.app", HEAVY),
        ("import tlworkbench.cli", HEAVY | {"textual", "pyarrow"}),
        ("import tlworkbench.inference.bundle, tlworkbench.inference.classifier", HEAVY | {"textual", "pyarrow"}),
        ("import tlworkbench.cli.predicting", HEAVY | {"textual", "pyarrow"}),
        ("import tlworkbench.catalog.listing", HEAVY | {"textual"}),
        ("import tlworkbench.preflight.ahead, tlworkbench.preflight.guide", HEAVY | {"textual"}),
        ("import tlworkbench.data.journal", HEAVY | {"textual", "pyarrow"}),
    ],
)
def test_importing_brings_nothing_heavy(code: str, banned: set[str]) -> None:
    child = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys; print(*sorted(sys.modules))"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert banned & set(child.stdout.split()) == set()


def test_pyarrow_does_without_pandas_in_screen_and_commands(tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from tlworkbench.cli.pandas_absent import leave_pandas_out
leave_pandas_out()
import pyarrow as pa
from tlworkbench.data.rows import Rows
from tlworkbench.data.rows_writer import write_rows
file = Path({str(tmp_path / "rows.arrow")!r})
times = pa.array([0, 1], pa.timestamp("ns"))
write_rows(file, {{"train": {{"text": ["a", "b"], "label": ["x", "y"], "at": times}}}}, text=("text",), label="label")
rows = Rows.open(file)
print(rows.keys.dtype, rows.source_labels.tolist(), rows.record(1)["at"], "pandas" in sys.modules)
"""
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert child.stdout.strip() == "uint64 [0, 1] 1970-01-01 00:00:00.000000001 False", child.stderr


def test_nothing_is_made_or_read_by_importing(tmp_path: Path) -> None:
    code = "import tlworkbench.tui.app, tlworkbench.cli, tlworkbench.workspace, tlworkbench.settings"
    subprocess.run(
        [sys.executable, "-c", code], check=True, timeout=60, env={"TLWORKBENCH_HOME": str(tmp_path / "home")}
    )
    assert not (tmp_path / "home").exists()
