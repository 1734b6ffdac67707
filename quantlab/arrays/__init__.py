"""Arrays to quantize: built-in ones, and those that visitors bring."""

from quantlab.arrays.array import Array, as_matrix
from quantlab.arrays.builtin import SIZES, SOURCES, Parameter, Source, build
from quantlab.arrays.files import FileError, Member, members, parse_text, read
from quantlab.arrays.labelled import LabelledTable, read_labelled

__all__ = [
    "SIZES",
    "SOURCES",
    "Array",
    "FileError",
    "LabelledTable",
    "Member",
    "Parameter",
    "Source",
    "as_matrix",
    "build",
    "members",
    "parse_text",
    "read",
    "read_labelled",
]
