"""The Models screen."""

from tlworkbench.tui.screens.base import WorkbenchScreen


class ModelsScreen(WorkbenchScreen):
    """Stands in until the screen is written."""

    SCOPE = "models"
