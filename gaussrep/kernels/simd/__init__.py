"""SIMD vectors as Numba types: `WIDTH` float32 lanes, and masks of as many bits.

`WIDTH` is the width of the processor's registers, or `GAUSSREP_VECTOR_WIDTH`. Kernels read like
scalar code, and their values stay in registers. Comparisons return masks, and `select` takes the
place of branches. Arrays are C-contiguous float32 of any shape; an index counts from their first
element.
"""

from gaussrep.kernels.simd.arithmetic import (
    EXP2_COEFFICIENTS,
    ROUNDER,
    absolute,
    exp2,
    fma,
    fnma,
    is_positive,
    maximum,
    minimum,
    reciprocal,
    select,
    sqrt,
)
from gaussrep.kernels.simd.memory import (
    broadcast_load,
    load,
    load_masked,
    prefetch,
    store,
    store_masked,
)
from gaussrep.kernels.simd.products import make_product, transpose
from gaussrep.kernels.simd.shuffles import (
    broadcast,
    count_trailing_zeros,
    iota,
    movemask,
    store_sums,
)
from gaussrep.kernels.simd.vectors import WIDTH

__all__ = [
    "EXP2_COEFFICIENTS",
    "ROUNDER",
    "WIDTH",
    "absolute",
    "broadcast",
    "broadcast_load",
    "count_trailing_zeros",
    "exp2",
    "fma",
    "fnma",
    "iota",
    "is_positive",
    "load",
    "load_masked",
    "make_product",
    "maximum",
    "minimum",
    "movemask",
    "prefetch",
    "reciprocal",
    "select",
    "sqrt",
    "store",
    "store_masked",
    "store_sums",
    "transpose",
]
