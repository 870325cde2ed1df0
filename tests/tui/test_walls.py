"""What importing the screen costs."""

import subprocess
import sys

_HEAVY = ("torch", "transformers", "datasets", "accelerate", "onnxruntime", "tokenizers", "sklearn", "huggingface_hub")


def _loaded(code: str) -> set[str]:
    program = f"{code}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


def test_the_program_starts_without_the_learning_libraries_and_without_arrow() -> None:
    loaded = _loaded("import tlworkbench.tui.app")
    assert "textual" in loaded
    assert loaded.isdisjoint({*_HEAVY, "pyarrow", "plotext"})


def test_no_screen_brings_the_learning_libraries() -> None:
    code = "from tlworkbench.tui.app import Workbench\nfor make in Workbench.MODES.values(): make()"
    assert _loaded(code).isdisjoint(_HEAVY)
