"""Times of the modes on this machine: measured once a server start, in the background, and shown as they come."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from quantlab.experiments.modes import speed
from quantlab.experiments.modes.experiment import BATCHES
from quantlab.experiments.modes.modes import MODES
from quantlab.experiments.modes.speed import Roofs, Timing
from quantlab.experiments.modes.subject import SUBJECTS

_ROOFS_EVERY = 3 * len(MODES)  # timings: three batch sizes
_LOG = logging.getLogger(__name__)


@dataclass
class Clock:
    """What has been measured so far; any number of visitors may look while it fills.

    Attributes
    ----------
    measure, roofs : callables
        What is run once, in a thread of its own.
    """

    measure: Callable[[], Iterator[Timing]] = speed.measure
    roofs: Callable[[], Roofs] = speed.roofs
    _found: dict[tuple[str, str, int], Timing] = field(default_factory=dict)
    _roofs: Roofs | None = None
    _done: bool = False
    _failed: bool = False
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Begin, unless it has begun."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="times of the modes", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        try:
            self._roofs = self.roofs()
            for number, timing in enumerate(self.measure(), 1):
                key = (timing.data, timing.mode, timing.batch)
                known = self._found.get(key)
                # In more than one round, since a server that is just starting is no quiet machine; the better is kept.
                if known is None or timing.seconds.median < known.seconds.median:
                    self._found[key] = timing  # written by this thread only; whoever looks takes a copy
                if number % _ROOFS_EVERY == 0:
                    self._roofs = self._roofs.raised(self.roofs())
        except Exception:
            self._failed = True
            _LOG.exception("The times of the modes could not be measured.")
        finally:
            self._done = True

    def complete(self, data: str) -> bool:
        """Whether every batch size of a subject is known, or nothing more will come, as of a visitor's weight."""
        return self._done or data not in SUBJECTS or len(self.times(data)) == len(BATCHES) * len(MODES)

    @property
    def failed(self) -> bool:
        """Whether measuring ended before its time; what was found until then stands."""
        return self._failed

    @property
    def ceilings(self) -> Roofs | None:
        """What bounds the machine, as soon as it is known."""
        return self._roofs

    def times(self, data: str) -> list[Timing]:
        """Return what is known of a subject."""
        return [timing for timing in tuple(self._found.values()) if timing.data == data]

    def seconds(self, data: str, mode: str, batch: int) -> float | None:
        """Return the median time of a batch, if it is known."""
        found = self._found.get((data, mode, batch))
        return None if found is None else found.seconds.median


CLOCK = Clock()


def seconds(data: str, mode: str, batch: int) -> float | None:
    """Return the median time of a batch on this machine, if it is known; the first who asks starts the clock."""
    CLOCK.start()
    return CLOCK.seconds(data, mode, batch)
