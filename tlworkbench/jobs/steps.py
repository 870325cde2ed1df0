"""A training curve that grows without being copied, as there may be a hundred thousand steps and news of each."""

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from tlworkbench.jobs.events import Step


class Steps(Sequence[Step]):
    """Steps in the order in which they were told; never changes, `grown` makes the next one.

    It is the first `len` entries of a list that it shares with those grown from it. One thread at a time may grow a
    curve, any may read it.
    """

    __slots__ = ("_length", "_shared")

    def __init__(self, steps: Iterable[Step] = ()) -> None:
        self._shared = list(steps)
        self._length = len(self._shared)

    def grown(self, steps: Iterable[Step]) -> "Steps":
        """The same with more behind it; takes the time of those alone."""
        longer = Steps()
        # Whose last step is not the list's last has been grown before: the two may go different ways. And the empty
        # curve is where all begin, in several threads.
        mine = bool(self) and len(self._shared) == self._length
        longer._shared = self._shared if mine else self._shared[: self._length]
        longer._shared.extend(steps)
        longer._length = len(longer._shared)
        return longer

    def until(self, step: int) -> "Steps":
        """Those up to a step's number."""
        return Steps(kept for kept in self if kept.step <= step)

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, place: int) -> Step: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Step, ...]: ...
    def __getitem__(self, place: int | slice) -> Step | tuple[Step, ...]:
        if isinstance(place, slice):
            start, stop, by = place.indices(self._length)
            return tuple(self._shared[start:stop:by]) if by > 0 else tuple(self)[place]
        return self._shared[range(self._length)[place]]

    def __iter__(self) -> Iterator[Step]:
        for place in range(self._length):
            yield self._shared[place]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Steps) or len(other) != len(self):
            return False
        return self._shared is other._shared or all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Steps({list(self)!r})" if self._length <= 3 else f"<{self._length} steps>"
