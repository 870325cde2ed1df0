"""How much a row's loss counts, by its class."""

from typing import Any, Literal

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from tlworkbench.data.run_examples import LabelledKeys, RunExamples
from tlworkbench.engine.class_weights import class_weights
from tlworkbench.errors import UserError

NAMES = ("bad", "good", "rare", "unused")
CLASSES = np.array([0] * 12 + [1] * 6 + [2] * 2)


def weights(wanted: Literal["none", "auto"] | dict[str, float]) -> Any:
    rows = LabelledKeys(np.arange(len(CLASSES), dtype=np.uint64), CLASSES)
    return class_weights(wanted, RunExamples(NAMES, 0, rows, rows))


def test_auto_is_what_sklearn_calls_balanced() -> None:
    there = compute_class_weight("balanced", classes=np.arange(3), y=CLASSES)
    assert weights("auto").tolist() == pytest.approx([*there, 1.0])
    assert weights("none") is None


def test_a_table_names_some_classes() -> None:
    assert weights({"rare": 4.5}).tolist() == [1.0, 1.0, 4.5, 1.0]


def test_a_class_nobody_knows() -> None:
    with pytest.raises(UserError, match="'goood', which is no label") as caught:
        weights({"goood": 2.0})
    assert caught.value.hint == "Did you mean 'good'?"
