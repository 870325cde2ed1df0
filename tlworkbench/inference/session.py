"""ONNX Runtime on one file: quiet, and with errors that a person can act on."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tlworkbench.errors import UserError
from tlworkbench.inference.threads import usable_threads

_SILENT = 4


class Session:
    """A loaded graph with one output that matters. May be run from several threads at once."""

    def __init__(self, path: Path, threads: int = 0) -> None:
        """Load `path` for the CPU; threads: 0 for all this process may use.

        Raises UserError when it can't be loaded: damaged, its weights missing, or made for a newer ONNX Runtime.
        """
        import onnxruntime

        self.path = path
        # Native warnings go to fd 2, on which the screen is drawn.
        onnxruntime.set_default_logger_severity(_SILENT)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _SILENT
        options.intra_op_num_threads = threads or usable_threads()
        options.inter_op_num_threads = 1
        # Threads that spin while they wait double the processor time of a prediction and make none faster.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except _runtime_errors() as error:
            raise _not_loaded(path, str(error), onnxruntime.__version__) from error
        output = self._session.get_outputs()[0]
        self.inputs: tuple[str, ...] = tuple(value.name for value in self._session.get_inputs())
        self.width: int | None = output.shape[-1] if output.shape and isinstance(output.shape[-1], int) else None
        """Length of the output's last axis; None where the graph leaves it open."""
        self._outputs = [output.name]

    def run(self, feeds: Mapping[str, npt.NDArray[np.int64]]) -> npt.NDArray[np.float32]:
        """The first output; raises UserError where the graph does not take such a batch."""
        try:
            outputs: list[npt.NDArray[np.float32]] = self._session.run(self._outputs, feeds)
        except _runtime_errors() as error:
            rows, length = feeds["input_ids"].shape
            raise UserError(
                f"{self.path.name} failed on {rows} rows of {length} tokens: {_first_line(error)}",
                "Export the model again.",
            ) from error
        return outputs[0]


def _runtime_errors() -> tuple[type[Exception], ...]:
    # They have no common base but Exception.
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    return tuple(kind for kind in vars(state).values() if isinstance(kind, type) and issubclass(kind, Exception))


def _not_loaded(path: Path, message: str, version: str) -> UserError:
    if re.search(r"[Oo]pset \d+ is under development|Unsupported model IR version", message):
        return UserError(
            f"{path} is made for a newer ONNX Runtime than the {version} that is installed",
            "Update it: pip install -U onnxruntime; or export the model again on this machine.",
        )
    if "external" in message.lower():
        return UserError(
            f"the weights of {path.name} lie in a file beside it, and it is missing or damaged in {path.parent}",
            "Copy that file too.",
        )
    return UserError(
        f"{path} can't be loaded by ONNX Runtime {version}: {_first_line(message)}",
        "Copy the file again, or export the model again.",
    )


def _first_line(error: Any) -> str:
    return str(error).strip().split("\n")[0][:300]
