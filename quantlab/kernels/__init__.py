"""The only home of Numba: arrays and plain numbers in, arrays filled.

Kernels hold no state and no lock and release the GIL; they trust their arguments, which the callers have checked.
"""

from . import clipping, elementwise, peaks, ranges, statistics, tiers, training
from .compilation import KERNELS, cache_folder, compile_all
from .layout import Layout, box, per_channel, per_group, per_tensor
from .matmul import Workspace, int_matmul
from .packing import PackedWeights, pack
from .scaled import ScaledWeights, pack_scaled, scaled_matmul
from .threads import CORES, at_most, over_ranges


def describe() -> dict[str, object]:
    """Return what the kernels run on: processor, cores, tier and why that one, and where the machine code is kept.

    >>> sorted(describe())
    ['cache', 'cores', 'cpu', 'kernels', 'numba', 'reason', 'tier', 'tiers']
    """
    import llvmlite.binding
    import numba

    return {
        "cpu": llvmlite.binding.get_host_cpu_name(),
        "cores": CORES,
        "numba": numba.__version__,
        "kernels": len(KERNELS),
        "cache": str(cache_folder()),
        "tier": tiers.chosen().name,
        "reason": tiers.reason(),
        "tiers": tiers.states(),
    }


__all__ = [
    "CORES",
    "KERNELS",
    "Layout",
    "PackedWeights",
    "ScaledWeights",
    "Workspace",
    "at_most",
    "box",
    "cache_folder",
    "clipping",
    "compile_all",
    "describe",
    "elementwise",
    "int_matmul",
    "over_ranges",
    "pack",
    "pack_scaled",
    "peaks",
    "per_channel",
    "per_group",
    "per_tensor",
    "ranges",
    "scaled_matmul",
    "statistics",
    "tiers",
    "training",
]
