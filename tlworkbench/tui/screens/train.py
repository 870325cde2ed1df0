"""The Train screen."""

from tlworkbench.tui.screens.base import WorkbenchScreen


class TrainScreen(WorkbenchScreen):
    """Stands in until the screen is written."""

    SCOPE = "train"
