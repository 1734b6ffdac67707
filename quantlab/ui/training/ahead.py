"""Networks that the next step of the Bits control will show, trained while nobody waits for them.

The views look at one network at the chosen bits, which takes a third of a second to train. For each state that is
opened all bits are trained in the background, nearest first and once, into the cache that all visitors share.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from quantlab.experiments.training import Settings
from quantlab.experiments.training.experiment import Recall
from quantlab.experiments.training.networks import networks
from quantlab.nn import BITS, Plan
from quantlab.ui.training.work import LINE, Line

_DELAY_S = 1.5  # the page itself comes first
_LOOK_S = 0.5  # how often it is looked whether somebody still trains
_PAUSE_S = 0.03  # between networks, so that pages get their turn
_LOG = logging.getLogger(__name__)


def _train(settings: Settings, recall: Recall) -> None:
    networks(settings, (), recall)


@dataclass(eq=False)
class Ahead:
    """What has been prepared, one state at a time.

    Attributes
    ----------
    train : callable
        ``train(settings, recall)`` puts the networks of a state into the cache.
    delay : float
        Seconds before it begins.
    line : Line
        Of those who train in front of somebody: they come first.
    """

    train: Callable[[Settings, Recall], None] = _train
    delay: float = _DELAY_S
    line: Line = LINE
    _known: set[Plan] = field(default_factory=set)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def prepare(self, settings: Settings, recall: Recall) -> threading.Thread | None:
        """Begin with a state, unless it is known or another is being prepared.

        Parameters
        ----------
        settings : Settings
        recall : callable
            The cache that all visitors share.

        Returns
        -------
        Thread or None
            What does it, for whoever wants to wait.
        """
        key = settings.plan_key()
        if key in self._known or not self._turn.acquire(blocking=False):
            return None
        self._known.add(key)
        thread = threading.Thread(target=self._run, args=(settings, recall), name="networks ahead", daemon=True)
        thread.start()
        return thread

    def _run(self, settings: Settings, recall: Recall) -> None:
        try:
            time.sleep(self.delay)
            for state in neighbours(settings):
                while self.line.busy:
                    time.sleep(_LOOK_S)
                self.train(state, recall)
                time.sleep(_PAUSE_S)
        except Exception:
            _LOG.exception("The networks of %r could not be trained ahead.", settings)
        finally:
            self._turn.release()


def neighbours(settings: Settings) -> list[Settings]:
    """Return a state at all other bits, nearest first, and then with the other method.

    >>> [(state.bits, state.learned) for state in neighbours(Settings(bits=3))][:3]
    [(4, False), (2, False), (5, False)]
    """
    order = sorted(BITS, key=lambda bits: (abs(bits - settings.bits), -bits))
    return [
        replace(settings, bits=bits, learned=learned)
        for learned in (settings.learned, not settings.learned)
        for bits in order
        if (bits, learned) != (settings.bits, settings.learned)
    ]


AHEAD = Ahead()
