"""One race at a time on a server, and the last one for everybody."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from quantlab.bench import live


@dataclass(frozen=True)
class Finish:
    """A race that was run, and when, by the server's clock."""

    race: live.Race
    at: datetime

    @property
    def when(self) -> str:
        """The time in words."""
        return f"{self.at.day} {self.at:%B}, {self.at:%H:%M:%S}"


class Track:
    """Where races are run.

    Examples
    --------
    >>> track = Track(lambda: live.race(0.02, size=32))
    >>> track.last is None, track.run(), track.last.race.shape
    (True, True, (32, 32, 32))
    """

    def __init__(self, race: Callable[[], live.Race] = live.race) -> None:
        self._race = race
        self._lock = threading.Lock()
        self._last: Finish | None = None

    @property
    def last(self) -> Finish | None:
        """The race that was run last; None before the first."""
        return self._last

    def run(self) -> bool:
        """Run a race, unless one is under way; say whether it was run."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self._last = Finish(self._race(), datetime.now().astimezone())
        finally:
            self._lock.release()
        return True


TRACK = Track()
