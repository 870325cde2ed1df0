"""What is known of a run that is to be, in words a person would say."""

from tlworkbench.jobs.checkpoint_space import in_bytes
from tlworkbench.preflight.facts import Facts, Tried


def about(seconds: float) -> str:
    """`about 40 s`, `about 4 min`, `about 2 h 10 min`."""
    if seconds < 1:
        return "less than a second"
    if seconds < 90:
        return f"about {seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {minutes} min"
    hours, rest = divmod(round(minutes / 10) * 10, 60)
    return f"about {hours} h {rest} min" if rest else f"about {hours} h"


def measures(facts: Facts) -> list[tuple[str, str, str]]:
    """Each figure as its name, the figure, and what there is to add."""
    lines = [("steps", _number(facts.steps), _steps(facts))]
    if facts.truncated is not None:
        sampled = f"of {_number(facts.measured)} sampled texts" if facts.measured < facts.train_rows else "of the texts"
        share = f"{100 * facts.truncated:.1f} %"
        if facts.windows:
            lines.append(("windows", _number(facts.windows), _windows(facts)))
            lines.append(("cut", share, f"{sampled}, which are longer than all windows a text may have"))
        else:
            lines.append(("cut", share, f"{sampled}, at {facts.max_length} tokens"))
    if facts.disk_needed:
        lines.append(("disk", in_bytes(facts.disk_needed), f"at most, of {in_bytes(facts.disk_free)} free"))
    if facts.tried is not None:
        lines += trial(facts.tried)
    return lines


def trial(tried: Tried) -> list[tuple[str, str, str]]:
    """Time and memory in the same form."""
    where = "of the GPU's" if tried.on_gpu else "of"
    return [
        ("time", about(tried.seconds).removeprefix("about "), "or so on this machine, if it isn't stopped early"),
        ("memory", in_bytes(tried.peak_bytes), f"at its peak, {where} {in_bytes(tried.free_bytes)} free"),
    ]


def verdict(facts: Facts) -> str:
    """One sentence over all."""
    if facts.refused:
        return "it can't be started"
    doubts = sum(finding.level == "warning" for finding in facts.findings)
    return f"it can be started; {doubts} doubt{'s' if doubts > 1 else ''}" if doubts else "nothing speaks against it"


def in_short(tried: Tried) -> str:
    """`about 4 min on this machine, peak 1.6 GB of 23.0 GB free`."""
    memory = f"peak {in_bytes(tried.peak_bytes)} of {in_bytes(tried.free_bytes)} free"
    return f"{about(tried.seconds)} on this machine, {memory}"


def _steps(facts: Facts) -> str:
    epochs = f"{facts.epochs:g} {'epoch' if facts.epochs == 1 else 'epochs'}"
    return f"of {facts.rows_a_step} rows, {facts.steps_per_epoch} an epoch, {epochs}"


def _windows(facts: Facts) -> str:
    return (
        f"of {facts.max_length} tokens for {_number(facts.measured)} texts: {facts.windows / facts.measured:.1f} on "
        f"average, {facts.most_windows} for the longest"
    )


def _number(count: int) -> str:
    return f"{count:,}".replace(",", " ")
