"""Each observer as a few lines that run: plain NumPy where that is all it takes, QuantLab where a search is needed."""

from __future__ import annotations

from quantlab.experiments.calibration.experiment import Settings

_HEAD = "import numpy as np\n\n# batches: float32 arrays, in the order in which they come\n"

_MINMAX = (
    _HEAD
    + """lo, hi = np.inf, -np.inf
for batch in batches:
    lo, hi = min(lo, batch.min()), max(hi, batch.max())
"""
)
_AVERAGE = (
    _HEAD
    + """lo, hi = map(float, (batches[0].min(), batches[0].max()))
for batch in batches[1:]:
    lo += {constant!r} * (float(batch.min()) - lo)
    hi += {constant!r} * (float(batch.max()) - hi)

# PyTorch: torch.ao.quantization.MovingAverageMinMaxObserver(averaging_constant={constant!r})
"""
)
_PERCENTILE = (
    _HEAD
    + """# All values at once; an observer that may not keep them counts them instead, to 8 significant bits.
lo, hi = np.percentile(np.concatenate(batches), [100 - {p!r}, {p!r}])
"""
)
_SEARCH = """from quantlab import Scheme
from quantlab.observers import {name}

observer = {name}(Scheme(bits={bits}, symmetric={symmetric}))
for batch in batches:
    observer.update(batch)
lo, hi = (float(end[0]) for end in observer.range())
"""
_GRID = {
    False: """
lo, hi = min(lo, 0.0), max(hi, 0.0)  # so that 0 has a code
scale = (hi - lo) / {steps}
zero_point = int(np.clip({qmin} - np.rint(lo / scale), {qmin}, {qmax}))
""",
    True: """
scale = max(abs(lo), abs(hi)) / {half}
zero_point = 0
""",
}


def snippet(observer: str, settings: Settings) -> str:
    """Return Python that reads `batches` and makes `lo`, `hi`, `scale` and `zero_point`.

    Parameters
    ----------
    observer : str
        A key of OBSERVERS.
    settings : Settings
        Bits, grid, percentile and the average's share.

    Examples
    --------
    >>> import numpy as np
    >>> names = {"batches": [np.float32([0, 1]), np.float32([0.5, 3])]}
    >>> exec(snippet("minmax", Settings(bits=2)), names)
    >>> float(names["hi"]), float(names["scale"]), names["zero_point"]
    (3.0, 1.0, -2)
    """
    qmin, qmax = -(2 ** (settings.bits - 1)), 2 ** (settings.bits - 1) - 1
    body = {
        "minmax": _MINMAX,
        "average": _AVERAGE.format(constant=settings.constant),
        "percentile": _PERCENTILE.format(p=settings.p),
    }.get(observer) or "import numpy as np\n" + _SEARCH.format(
        name={"mse": "MSEObserver", "entropy": "EntropyObserver"}[observer],
        bits=settings.bits,
        symmetric=settings.symmetric,
    )
    grid = _GRID[settings.symmetric].format(
        steps=2**settings.bits - 1, qmin=qmin, qmax=qmax, half=2 ** (settings.bits - 1)
    )
    return body + grid
