"""Jobs that judge labels, made complete before they start."""

from tlworkbench.jobs.spec import GainSpec, SuspectsSpec
from tlworkbench.workspace import Workspace

BUNDLED = "bundled"


def judging_model(workspace: Workspace, model: str = "") -> str:
    """The model whose embeddings are used: the one asked for, else the workspace's, else the bundled one."""
    return model or workspace.info.model or BUNDLED


def suspects_spec(workspace: Workspace, model: str = "") -> SuspectsSpec:
    """Judge the labels as they are now."""
    return SuspectsSpec(model=judging_model(workspace, model), journal_version=workspace.journal().version)


def gain_spec(workspace: Workspace, model: str = "") -> GainSpec:
    """Compare the labels as they are now with the source's."""
    return GainSpec(model=judging_model(workspace, model), journal_version=workspace.journal().version)
