"""One race at a time on a server, in a thread of its own, and the last one for everybody."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from quantlab.bench import live

_LOG = logging.getLogger(__name__)


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
    """Where races are run, while pages go on.

    Examples
    --------
    >>> track = Track(lambda: live.race(0.02, size=32))
    >>> track.start()
    >>> while track.busy:
    ...     pass
    >>> track.last.race.shape
    (32, 32, 32)
    """

    def __init__(self, race: Callable[[], live.Race] = live.race) -> None:
        self._race = race
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._last: Finish | None = None
        self._failed = False

    @property
    def last(self) -> Finish | None:
        """The race that was run last; None before the first."""
        return self._last

    @property
    def busy(self) -> bool:
        """Whether a race is under way."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def failed(self) -> bool:
        """Whether the race that was begun last ended before its time; the one before it stands."""
        return self._failed

    def start(self) -> None:
        """Begin a race, unless one is under way: that is everybody's."""
        with self._lock:
            if not self.busy:
                self._failed = False
                self._thread = threading.Thread(target=self._run, name="race", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        try:
            self._last = Finish(self._race(), datetime.now().astimezone())
        except Exception:
            self._failed = True
            _LOG.exception("The race could not be run.")


TRACK = Track()
