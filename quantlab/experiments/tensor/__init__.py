"""What b bits do to an array: `experiment` has Settings, Result and run; every other file is a part of the page."""

from quantlab.experiments.tensor.experiment import (
    LARGEST_SEED,
    MOST_BITS,
    MOST_SCALES,
    MOST_SEARCHED_IN_GROUPS,
    VIEWS,
    Compared,
    Result,
    Settings,
    built_in,
    can_search,
    fitting,
    run,
)

__all__ = [
    "LARGEST_SEED",
    "MOST_BITS",
    "MOST_SCALES",
    "MOST_SEARCHED_IN_GROUPS",
    "VIEWS",
    "Compared",
    "Result",
    "Settings",
    "built_in",
    "can_search",
    "fitting",
    "run",
]
