"""Arrays whose neighbourhood is watched: a byte written before one is seen, and one touched behind it ends the test."""

from __future__ import annotations

import ctypes
import mmap
import sys

import numpy as np

PAGE = mmap.PAGESIZE
GUARD = 0xA5


class Fence:
    """Memory of its own for each array, which ends where a page begins that may be neither read nor written."""

    def __init__(self) -> None:
        self._before: list[np.ndarray] = []

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        room = -(-(size + 64) // PAGE) * PAGE
        memory = np.frombuffer(mmap.mmap(-1, room + PAGE), np.uint8)
        memory[:] = GUARD
        if sys.platform == "linux":
            end = ctypes.c_void_p(memory.ctypes.data + room)
            assert ctypes.CDLL(None).mprotect(end, ctypes.c_size_t(PAGE), 0) == 0
        self._before.append(memory[: room - size])
        return memory[room - size : room].view(dtype).reshape(shape)

    def copy(self, x: np.ndarray) -> np.ndarray:
        fenced = self.empty(x.shape, x.dtype)
        fenced[...] = x
        return fenced

    def intact(self) -> bool:
        return all((before == GUARD).all() for before in self._before)
