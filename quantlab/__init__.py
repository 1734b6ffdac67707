"""QuantLab: what low-bit numbers do to arrays, computed exactly and fast.

>>> import numpy as np
>>> from quantlab import Quantizer, error_report
>>> x = np.linspace(-1, 1, 101, dtype=np.float32)
>>> report = error_report(x, Quantizer(x, bits=4))
>>> report.codes_used
16
"""

from .quantizer import Quantizer
from .records import ErrorReport, QTensor
from .report import error_report
from .scheme import Fixed, MinMax, MinMSE, Percentile, PerChannel, PerGroup, PerTensor, Scheme

__all__ = [
    "ErrorReport",
    "Fixed",
    "MinMSE",
    "MinMax",
    "PerChannel",
    "PerGroup",
    "PerTensor",
    "Percentile",
    "QTensor",
    "Quantizer",
    "Scheme",
    "error_report",
]
