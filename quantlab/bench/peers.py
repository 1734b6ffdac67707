"""The others: each peer's own call for the same work, on operands that it got beforehand.

A peer is asked in the way that flatters it most: weights in the order that it likes, results into memory that is there.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np

from quantlab import kernels
from quantlab.kernels.tiers import Tier

from .timing import Side, fastest

AnyArray = np.ndarray[Any, np.dtype[Any]]

_ALONE = threading.RLock()


def hold_instructions(tier: Tier) -> None:
    """Hold PyTorch's products to the instructions of the tier; it reads that when it is imported.

    Otherwise a processor with matrix units would race them against a tier that does without.
    """
    if tier.name == "avx512vnni" and "torch" not in sys.modules:
        os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_VNNI")


@contextmanager
def held_to(threads: int) -> Iterator[None]:
    """Hold our kernels, BLAS and PyTorch to so many threads inside the ``with`` block.

    One block at a time: who measures beside another measures both, and of two that overlap the second would take the
    first one's threads for the usual ones and leave them behind.
    """
    with ExitStack() as stack:
        stack.enter_context(_ALONE)
        stack.enter_context(kernels.at_most(threads))
        try:
            from threadpoolctl import threadpool_limits
        except ImportError:
            pass
        else:
            stack.enter_context(threadpool_limits(threads, user_api="blas"))
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(threads)
        yield


def torch_int_mm(a: AnyArray, b: AnyArray) -> Side:
    """Return torch._int_mm of int8 codes: the weights in rows or in columns, whichever it is faster with."""
    import torch

    left, right = torch.from_numpy(a), torch.from_numpy(b)
    out = torch.empty((a.shape[0], b.shape[1]), dtype=torch.int32)
    columns = torch.from_numpy(np.ascontiguousarray(b.T)).t()
    return fastest([partial(torch._int_mm, left, w, out=out) for w in (right, columns)])


def onnx_matmul_integer(a: AnyArray, b: AnyArray, threads: int) -> Side:
    """Return ONNX Runtime's MatMulInteger, its weights a constant that it has packed, its result bound to memory."""
    import onnx
    import onnxruntime
    from onnx import helper, numpy_helper

    kind = helper.np_dtype_to_tensor_dtype(a.dtype)
    out = np.empty((a.shape[0], b.shape[1]), np.int32)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "b"], ["y"])],
        "product",
        [helper.make_tensor_value_info("a", kind, a.shape)],
        [helper.make_tensor_value_info("y", onnx.TensorProto.INT32, out.shape)],
        [numpy_helper.from_array(b, "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 10)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Its idle threads would otherwise go on spinning through our turn.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    binding.bind_ortvalue_input("a", onnxruntime.OrtValue.ortvalue_from_numpy(a))
    binding.bind_output("y", "cpu", 0, np.int32, out.shape, out.ctypes.data)

    def run() -> AnyArray:
        session.run_with_iobinding(binding)
        return out

    return run


def blas(a: AnyArray, b: AnyArray) -> Side:
    """Return NumPy's float32 product of the same numbers: its weights in rows or in columns, whichever is faster."""
    left, right = a.astype(np.float32), b.astype(np.float32)
    out = np.empty((a.shape[0], b.shape[1]), np.float32)
    columns = np.ascontiguousarray(right.T).T
    return fastest([partial(np.matmul, left, w, out=out) for w in (right, columns)])


def naive(a: AnyArray, b: AnyArray) -> Side:
    """Return NumPy's own integer product, which no BLAS knows: a plain triple loop."""
    return lambda: np.matmul(a, b, dtype=np.int32)


def torch_elementwise(name: str, x: AnyArray, scale: float, zero_point: int) -> Side:
    """Return PyTorch's quantize, dequantize, fake-quantize with its mask, or extremes, to int8."""
    import torch

    values = torch.from_numpy(x)
    quantize = partial(torch.quantize_per_tensor, values, scale, zero_point, torch.qint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said once, of plans to move it elsewhere
        codes = quantize()
    if name == "quantize":
        return quantize
    if name == "dequantize":
        return lambda: codes.dequantize()
    if name == "fake-quantize":
        cachemask = torch.ops.aten.fake_quantize_per_tensor_affine_cachemask
        return lambda: cachemask(values, scale, zero_point, -128, 127)
    return lambda: torch.aminmax(values)


def torch_histogram_search(x: AnyArray) -> Side:
    """Return PyTorch's search for a clipping range: a HistogramObserver at 8 bits, from new to scale."""
    import torch
    from torch.ao.quantization import HistogramObserver

    values = torch.from_numpy(x)

    def search() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as above
            observer = HistogramObserver(dtype=torch.qint8, qscheme=torch.per_tensor_symmetric)
            observer(values)
            return observer.calculate_qparams()

    return search
