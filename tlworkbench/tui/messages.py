"""What happens on the screen side, as past-tense messages."""

from dataclasses import dataclass

from textual.message import Message

from tlworkbench.jobs.folder import JobFolder
from tlworkbench.jobs.run_state import RunState


@dataclass
class JobUpdated(Message):
    """A job was seen in a new state; of several that wait, only the last of each job is handled."""

    job: JobFolder
    state: RunState

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, JobUpdated) and message.job == self.job


@dataclass
class JobFound(Message):
    """A job appeared in the workspace, or one that had ended runs again."""

    job: JobFolder


@dataclass
class WorkFailed(Message):
    """Work off the screen's thread ended with an error."""

    error: BaseException


@dataclass
class Counted(Message):
    """What the status strip tells of the workspace's files was read: fields of `Standing`."""

    fields: dict[str, object]
