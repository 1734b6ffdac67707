"""Which machine a benchmark ran on, and with what: without it a ratio means nothing to anybody else."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from quantlab import kernels
from quantlab.kernels import tiers

PACKAGES = ("numpy", "numba", "torch", "onnxruntime")
BUSY = 0.3  # of a core: others' work from which on a run says that the machine was not quiet
_CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where and when a run was made.

    Attributes
    ----------
    processor : str
        Its name, and LLVM's for its kind in brackets.
    cores : int
        That this process may use.
    tier, reason : str
        Of the kernels.
    features : frozenset of str
    system : str
    packages : dict of str to str
        Versions of what took part.
    when : str
        ISO 8601, UTC.
    load : float
        Cores that others kept busy in the minute before; NaN where the system does not tell.
    held : str
        What PyTorch's instructions are held to; empty if to nothing.
    """

    processor: str
    cores: int
    tier: str
    reason: str
    features: frozenset[str]
    system: str
    packages: dict[str, str]
    when: str
    load: float
    held: str

    @property
    def sentence(self) -> str:
        """One line for a table or a chart."""
        cores = "1 core" if self.cores == 1 else f"{self.cores} cores"
        return f"{self.processor}, {cores}, tier {self.tier}"

    @property
    def busy(self) -> bool:
        """Whether others worked on it."""
        return self.load > BUSY


def machine() -> Machine:
    """Return this machine, now.

    >>> machine().tier == kernels.describe()["tier"]
    True
    """
    said = kernels.describe()
    name, kind = _name(), str(said["cpu"])
    return Machine(
        processor=f"{name} ({kind})" if name else kind,
        cores=kernels.CORES,
        tier=str(said["tier"]),
        reason=str(said["reason"]),
        features=tiers.features(),
        system=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        packages={name: found for name in PACKAGES if (found := _version(name))},
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan"),
        held=os.environ.get("ONEDNN_MAX_CPU_ISA", ""),
    )


def _name() -> str:
    try:
        lines = _CPUINFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
