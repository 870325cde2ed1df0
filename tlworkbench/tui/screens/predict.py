"""The Predict screen."""

from tlworkbench.tui.screens.base import WorkbenchScreen


class PredictScreen(WorkbenchScreen):
    """Stands in until the screen is written."""

    SCOPE = "predict"
