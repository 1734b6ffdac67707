"""Which elements of a C-contiguous array share one scale, in seven integers.

The kernels walk memory in order; the layout tells them where the next scale begins. The array is seen as
(outer, middle, inner); `size` neighbours along the middle share a part, and so may all of inner.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from numba import types

from .compilation import inner


class Layout(NamedTuple):
    """The part of element (o, m, i) is ``o * step_outer + m // size * step_middle + i * step_inner``.

    Attributes
    ----------
    outer, middle, inner : int
        The array's shape, folded into three axes.
    size : int
        Neighbours along the middle that share a part.
    step_outer, step_middle, step_inner : int
        How far the number of the part moves; step_inner is 0 or 1.
    parts : int
        How many parts there are.
    """

    outer: int
    middle: int
    inner: int
    size: int
    step_outer: int
    step_middle: int
    step_inner: int
    parts: int


LAYOUT = types.NamedUniTuple(types.int64, len(Layout._fields), Layout)


def per_tensor(shape: tuple[int, ...]) -> Layout:
    """Return the layout in which all elements share one part.

    >>> per_tensor((2, 3)).parts
    1
    """
    return Layout(1, 1, prod(shape), 1, 0, 0, 0, 1)


def per_group(shape: tuple[int, ...], axis: int, size: int) -> Layout:
    """Return the layout of runs of `size` along `axis` (0 or more); parts are numbered in C order.

    >>> per_group((2, 10), 1, 4).parts
    6
    """
    before, middle, after = prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :])
    groups = -(-middle // size)
    return Layout(before, middle, after, size, groups * after, after, int(after > 1), before * groups * after)


def per_channel(shape: tuple[int, ...], axis: int) -> Layout:
    """Return the layout in which each index along `axis` (0 or more) is a part.

    >>> per_channel((2, 10), 1).parts
    10
    """
    before, middle, after = prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :])
    if after == 1:  # the part changes with every element: one vector of scales along the inner axis
        return Layout(before, 1, middle, 1, 0, 0, 1, middle)
    return Layout(before, middle, after, 1, 0, 1, 0, middle)


class Run(NamedTuple):
    """Neighbours in memory that share a part, or (step_inner 1) whose parts follow one another; and the next run.

    Attributes
    ----------
    end : int
        Index of the first element after the run.
    first : int
        Part of the run's first element.
    o, m, group : int
        Where the run stands along outer and middle, and in which group of the middle.
    """

    end: int
    first: int
    o: int
    m: int
    group: int


@inner
def run_at(layout: Layout, at: int) -> Run:
    """Return the run around an element."""
    row = at // layout.inner
    o = row // layout.middle
    m = row - o * layout.middle
    group = m // layout.size
    if layout.step_inner == 0:
        m = group * layout.size
    return _run(layout, (o * layout.middle + m) * layout.inner, o, m, group)


@inner
def next_run(layout: Layout, run: Run) -> Run:
    """Return the run after this one; without a division, since a run may be a few elements long."""
    o, m, group = run.o, run.m, run.group
    if layout.step_inner == 0:
        group += 1
        m = group * layout.size
    else:
        m += 1
        if m == (group + 1) * layout.size:
            group += 1
    if m >= layout.middle:
        o, m, group = o + 1, 0, 0
    return _run(layout, run.end, o, m, group)


@inner
def _run(layout: Layout, start: int, o: int, m: int, group: int) -> Run:
    rows = 1 if layout.step_inner else min(layout.size, layout.middle - m)
    return Run(start + rows * layout.inner, o * layout.step_outer + group * layout.step_middle, o, m, group)


@inner
def part_at(layout: Layout, run: Run, at: int) -> int:
    """Return the part of an element of the run."""
    return run.first + (at - (run.end - layout.inner)) * layout.step_inner


def _members(layout: Layout, part: int) -> tuple[int, int, int, int, int, int]:
    """Return the box of a part's elements: outer, middle and inner indices, each from and to."""
    o0, o1, rest = 0, layout.outer, part
    if layout.step_outer:
        o0 = part // layout.step_outer
        o1, rest = o0 + 1, part - o0 * layout.step_outer
    group = rest // layout.step_middle if layout.step_middle else 0
    m0 = group * layout.size
    m1 = min(m0 + layout.size, layout.middle)
    if layout.step_inner:
        offset = rest - group * layout.step_middle
        return o0, o1, m0, m1, offset, offset + 1
    return o0, o1, m0, m1, 0, layout.inner


members = inner(_members)


def box(layout: Layout, part: int) -> tuple[slice, slice, slice]:
    """Return where a part lies in the array folded to (outer, middle, inner).

    >>> box(per_channel((2, 3), 0), 1)
    (slice(0, 1, None), slice(1, 2, None), slice(0, 3, None))
    """
    o0, o1, m0, m1, i0, i1 = _members(layout, part)
    return slice(o0, o1), slice(m0, m1), slice(i0, i1)
