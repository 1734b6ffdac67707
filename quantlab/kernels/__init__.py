"""The only home of Numba: arrays and plain numbers in, arrays filled.

Kernels hold no state and no lock and release the GIL; they trust their arguments, which the callers have checked.
"""

from .compilation import KERNELS, compile_all, kept_in

with kept_in():
    from . import clipping, elementwise, ranges, statistics

from .layout import Layout, box, per_channel, per_group, per_tensor
from .threads import CORES, at_most, over_ranges


def describe() -> dict[str, object]:
    """Return what the kernels run on: processor, cores, Numba's version and where the machine code is kept.

    >>> sorted(describe())
    ['cache', 'cores', 'cpu', 'kernels', 'numba']
    """
    import llvmlite.binding
    import numba

    return {
        "cpu": llvmlite.binding.get_host_cpu_name(),
        "cores": CORES,
        "numba": numba.__version__,
        "kernels": len(KERNELS),
        "cache": KERNELS[0].folder,
    }


__all__ = [
    "CORES",
    "KERNELS",
    "Layout",
    "at_most",
    "box",
    "clipping",
    "compile_all",
    "describe",
    "elementwise",
    "over_ranges",
    "per_channel",
    "per_group",
    "per_tensor",
    "ranges",
    "statistics",
]
