"""What speaks against a training run, or ought to be known before its figures are trusted."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from tlworkbench.errors import UserError

Level = Literal["refusal", "warning", "info"]


class Finding(msgspec.Struct, frozen=True):
    """One thing to say about a run that is to be."""

    level: Level
    """refusal: it can't work; warning: doubtful; info: good to know."""
    text: str
    hint: str = ""
    """What to do."""

    @classmethod
    def refusal(cls, error: UserError) -> "Finding":
        """What stands in the way, as an error says it."""
        return cls("refusal", error.what, error.hint)


def refuse(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, where no refusal is among them; raises the first one as UserError else."""
    findings = list(findings)
    for finding in findings:
        if finding.level == "refusal":
            raise UserError(finding.text, finding.hint)
    return findings
