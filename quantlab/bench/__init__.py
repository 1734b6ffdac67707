"""How fast the kernels are: beside their peers, interleaved, in one run on one machine.

Peers are imported inside functions: the library runs without them, and a row whose peer is missing says so.
"""
