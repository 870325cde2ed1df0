"""The Data screen."""

from tlworkbench.tui.screens.base import WorkbenchScreen


class DataScreen(WorkbenchScreen):
    """Stands in until the screen is written."""

    SCOPE = "data"
