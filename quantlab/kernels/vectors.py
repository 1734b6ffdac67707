"""Vectors of LLVM's intermediate representation: the words in which kernels emit instructions of their own.

Numba has no vector type, so a tile that lives in registers is one intrinsic that emits its whole loop. Every function
here takes the builder first. Pointers address bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba.extending import intrinsic
from numba.np import arrayobj

I8, I16, I32, I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
F32 = ir.FloatType()


def emitted(function: Callable[..., Any]) -> Any:
    """Declare an intrinsic: of the typing context and the arguments' types, it returns its signature and its emitter.

    Plain integers from a kernel's closure arrive as literals, so that what is emitted can follow them.
    """
    return intrinsic(prefer_literal=True)(function)


def constant(value: int | Sequence[int], ty: Any = I64) -> Any:
    """Return an integer of type `ty`, or a vector of its type if `value` is a sequence."""
    if isinstance(value, int):
        return ir.Constant(ty, value)
    return ir.Constant(ir.VectorType(ty, len(value)), list(value))


def pointer(builder: Any, context: Any, signature: Any, arguments: Any, n: int) -> Any:
    """Return the address of the data of array argument `n`.

    Arrays are passed, never their addresses: Numba frees an array after its last use, and taking `x.ctypes.data` is no
    use that lasts until the address is read.
    """
    data = arrayobj.make_array(signature.args[n])(context, builder, arguments[n]).data
    return builder.bitcast(data, I8.as_pointer())


def offset(builder: Any, base: Any, count: Any, size: int = 1) -> Any:
    """Return `base` moved on by `count` elements of `size` bytes; a plain number or a value."""
    if isinstance(count, int):
        return builder.gep(base, [constant(count * size)])
    return builder.gep(base, [builder.mul(count, constant(size)) if size != 1 else count])


def load(builder: Any, base: Any, byte: int, ty: Any, align: int = 1) -> Any:
    """Load a `ty` that lies `byte` bytes behind `base`.

    The alignment is stated because what LLVM assumes otherwise is that of the type: up to 64 bytes, where NumPy
    promises the element's own.
    """
    at = builder.bitcast(offset(builder, base, byte), ty.as_pointer())
    return builder.load(at, align=align)


def store(builder: Any, value: Any, base: Any, byte: int, align: int = 1) -> None:
    """Store a value `byte` bytes behind `base`; its alignment is stated for the same reason."""
    at = builder.bitcast(offset(builder, base, byte), value.type.as_pointer())
    builder.store(value, at, align=align)


def splat(builder: Any, scalar: Any, lanes: int) -> Any:
    """Return the vector that holds `scalar` in every lane."""
    undefined = ir.Constant(ir.VectorType(scalar.type, lanes), ir.Undefined)
    first = builder.insert_element(undefined, scalar, constant(0, I32))
    return builder.shuffle_vector(first, undefined, constant([0] * lanes, I32))


def pick(builder: Any, vector: Any, lanes: Sequence[int]) -> Any:
    """Return the vector of the named lanes."""
    return builder.shuffle_vector(vector, vector, constant(lanes, I32))


def join(builder: Any, vectors: Sequence[Any]) -> Any:
    """Return vectors of one type one behind the other; as many as a power of two."""
    parts = list(vectors)
    while len(parts) > 1:
        both = constant(range(2 * parts[0].type.count), I32)
        parts = [builder.shuffle_vector(a, b, both) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


def instruction(builder: Any, name: str, returned: Any, *arguments: Any) -> Any:
    """Call an LLVM intrinsic, declared where the module does not know it yet."""
    module = builder.module
    known = module.globals.get(name)
    if known is None:
        known = ir.Function(module, ir.FunctionType(returned, [a.type for a in arguments]), name)
    return builder.call(known, arguments)


def subroutine(builder: Any, name: str, returned: Any, arguments: Sequence[Any], body: Callable[..., Any]) -> Any:
    """Call a function of the module that `body(builder, *values)` emits once; it is not copied into its callers."""
    module = builder.module
    known = module.globals.get(name)
    if known is None:
        known = ir.Function(module, ir.FunctionType(returned, [a.type for a in arguments]), name)
        known.linkage = "internal"
        known.attributes.add("noinline")
        inside = ir.IRBuilder(known.append_basic_block())
        inside.ret(body(inside, *known.args))
    return builder.call(known, arguments)


class Loop:
    """A counted loop, run at least once, whose values go round in registers.

    Its body is what is emitted between `Loop(...)` and `close(...)`.

    Parameters
    ----------
    builder : llvmlite IRBuilder
    start : sequence of values
        What the carried values are on entry; `carried` holds them inside the loop.
    """

    def __init__(self, builder: Any, start: Sequence[Any]) -> None:
        self.builder, before = builder, builder.block
        self.body = builder.append_basic_block("loop")
        builder.branch(self.body)
        builder.position_at_end(self.body)
        self.index = builder.phi(I64)
        self.index.add_incoming(constant(0), before)
        self.carried = []
        for value in start:
            self.carried.append(builder.phi(value.type))
            self.carried[-1].add_incoming(value, before)

    def close(self, step: int, stop: Any, values: Sequence[Any]) -> None:
        """End the body: count on by `step`, carry `values` round, leave once the count has reached `stop`."""
        builder, end = self.builder, self.builder.block
        after = builder.append_basic_block("after")
        following = builder.add(self.index, constant(step))
        self.index.add_incoming(following, end)
        for phi, value in zip(self.carried, values, strict=True):
            phi.add_incoming(value, end)
        builder.cbranch(builder.icmp_signed("<", following, stop), self.body, after)
        builder.position_at_end(after)
