"""Which given labels are probably wrong, by confident learning (Northcutt et al. 2021), as cleanlab has it.

Rows are ranked by self-confidence: the out-of-fold probability of the given label. On tweets and film reviews with
flipped labels it put more of them first than the normalised margin or confidence-weighted entropy (a third to two
fifths of the first 5 % against a quarter to a third), and adjusting by class thresholds made all of them worse.
"""

import importlib
import sys
import threading
from typing import Any

import numpy as np

from tlworkbench.data.embedding_files import Floats
from tlworkbench.engine.metrics import Ints

_importing = threading.Lock()
"""Two threads that import parts of cleanlab at once meet in its circles."""


def suspicion(given: Ints, probabilities: Floats) -> Floats:
    """1 - self-confidence of each row: float32, 0 to 1, higher is worse."""
    scores = _cleanlab("rank").get_label_quality_scores(given, probabilities, method="self_confidence")
    return np.asarray(1.0 - scores, np.float32)


def suspects(given: Ints, probabilities: Floats) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Marks the least self-confident rows, as many as confident learning counts label errors in all."""
    found = _cleanlab("filter").find_label_issues(given, probabilities, filter_by="low_self_confidence", n_jobs=1)
    return np.asarray(found, np.bool_)


def begin_import() -> None:
    """Import cleanlab, and with it scikit-learn, in a thread: it takes its seconds beside the reading of the rows."""
    threading.Thread(target=_cleanlab, args=("filter",), daemon=True).start()


def _cleanlab(name: str) -> Any:
    """A module of cleanlab, without the second that its optional data sets would cost."""
    with _importing:
        if "cleanlab" not in sys.modules and "datasets" not in sys.modules:
            # cleanlab looks for `datasets` and does without where it isn't there.
            sys.modules["datasets"] = None  # type: ignore[assignment]
            try:
                importlib.import_module("cleanlab")
            finally:
                del sys.modules["datasets"]
        return importlib.import_module(f"cleanlab.{name}")
