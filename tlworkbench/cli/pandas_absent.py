"""Leaves pandas out of the screen and the commands: pyarrow imports it for nothing, which takes half a second."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Absent(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is not used in this process", name=fullname)
        return None


def leave_pandas_out() -> None:
    """From here on nothing in this process can import pandas.

    pyarrow tries to at the first list or array that it meets, to learn whether it is one of pandas', and does without
    where there is none. The engine's processes are others: `datasets` needs it there.
    """
    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, _Absent())
