"""A float product in integers and back: `experiment` has Settings, Result and run; every other file is a part."""

from quantlab.experiments.matmul.experiment import (
    ACCUMULATORS,
    MOST_BITS,
    VIEWS,
    Multiplied,
    Result,
    Settings,
    Side,
    multiplied,
    run,
)

__all__ = ["ACCUMULATORS", "MOST_BITS", "VIEWS", "Multiplied", "Result", "Settings", "Side", "multiplied", "run"]
