"""Training for one visitor in a thread of its own: it outlives a run of the page and ends with its visitor.

The thread never speaks to Streamlit. It fills a `Work`, which the page looks at; at most as many train at once as the
machine has cores, the others stand in line.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field

from quantlab.kernels import CORES
from quantlab.nn import DivergenceError, Job, Plan, Run, sweep
from quantlab.nn.cluster import LostError, placed

HEARTBEAT_S = 60.0  # a browser slows a hidden tab down to a look a minute
_LOOK_S = 0.5
_LOG = logging.getLogger(__name__)
_FAULT = "Training stopped at an error of ours, which was logged; what was finished before stands."


class Line:
    """Who trains and who waits, in the order in which they came.

    Parameters
    ----------
    places : int
        How many train at once.
    """

    def __init__(self, places: int = CORES) -> None:
        self.places = places
        self._waiting: list[Work] = []
        self._changed = threading.Condition()

    def join(self, work: Work) -> None:
        """Stand at the end of the line."""
        with self._changed:
            self._waiting.append(work)

    def leave(self, work: Work) -> None:
        """Make room, from any place."""
        with self._changed:
            if work in self._waiting:
                self._waiting.remove(work)
            self._changed.notify_all()

    def ahead(self, work: Work) -> int:
        """Return how many have to finish before this one begins; 0 where it may train, or stands in no line."""
        with self._changed:
            return self._ahead(work)

    def _ahead(self, work: Work) -> int:
        return max(0, self._waiting.index(work) - self.places + 1) if work in self._waiting else 0

    @property
    def busy(self) -> bool:
        """Whether anybody trains or waits."""
        with self._changed:
            return bool(self._waiting)

    def wait(self, work: Work) -> None:
        """Return once it may train, or has been given up."""
        with self._changed:
            while self._ahead(work) and not work.given_up:
                self._changed.wait(_LOOK_S)


LINE = Line()


@dataclass(eq=False)
class Work:
    """One training under way, and what has come of it.

    Attributes
    ----------
    plan : Plan
    line : Line
        Where it waits for its turn.
    runs : list of Run
        Finished networks; written by the thread alone, whoever looks takes a copy.
    job, epoch, loss : Job or None, int, float
        What is trained right now, and how it does.
    losses : list of float
        Of the run in hand.
    error : str
        One sentence, where something went wrong.
    remark : str
        One sentence, where it trains elsewhere than was configured.
    done : bool
    """

    plan: Plan
    line: Line = field(default_factory=lambda: LINE)
    runs: list[Run] = field(default_factory=list)
    job: Job | None = None
    epoch: int = 0
    loss: float = float("nan")
    error: str = ""
    remark: str = ""
    done: bool = False
    began: float | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    abreast: int = 1
    _beat: float = field(default_factory=time.monotonic)

    def start(self) -> Work:
        """Stand in line and begin in a thread as soon as it is one's turn."""
        self.line.join(self)
        threading.Thread(target=self._run, name="training", daemon=True).start()
        return self

    def beat(self) -> None:
        """Say that the visitor is still there."""
        self._beat = time.monotonic()

    @property
    def given_up(self) -> bool:
        """Whether it was stopped, or its visitor has gone."""
        return self.stop.is_set() or time.monotonic() - self._beat > HEARTBEAT_S

    def is_set(self) -> bool:
        """Tell the sweep whether to go on: on a cluster nobody is told of epochs, and this alone ends it."""
        return self.given_up

    @property
    def total(self) -> int:
        """How many networks the plan has."""
        return len(self.plan.jobs)

    @property
    def seconds_left(self) -> float | None:
        """Return the time that is left at the speed so far, once there is one: each method's own, for PTQ is quick."""
        runs = tuple(self.runs)
        times: dict[str, list[float]] = {}
        for run in runs:
            times.setdefault(run.job.method, []).append(run.seconds)
        if "float" not in times:
            return None
        mean = {method: sum(each) / len(each) for method, each in times.items()}
        slowest = max(mean.values())
        rest = {job.method: 0 for job in self.plan.jobs}
        for job in self.plan.jobs:
            rest[job.method] += 1
        for run in runs:
            rest[run.job.method] -= 1
        guess = {method: mean.get(method, 0.0 if method == "ptq" else 2 * slowest) for method in rest}
        return sum(count * guess[method] for method, count in rest.items()) / self.abreast

    def _watch(self, job: Job, epoch: int, loss: float) -> None:
        self.job, self.epoch, self.loss = job, epoch, loss

    def _say(self, sentence: str) -> None:
        _LOG.warning(sentence)
        self.remark = sentence

    def _run(self) -> None:
        try:
            self.line.wait(self)
            if self.given_up:
                return
            self.began = time.monotonic()
            with placed(self._say) as place:
                self.abreast = place.abreast
                for run in sweep(self.plan, place.executor, stop=self, watch=self._watch, ahead=2 * place.abreast):
                    self.runs.append(run)
        except (DivergenceError, LostError) as error:
            self.error = str(error)
        except Exception:
            _LOG.exception("Training %r failed", self.plan)
            self.error = _FAULT
        finally:
            self.line.leave(self)
            self.done = True
