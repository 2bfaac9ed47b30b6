"""How threads share the tasks of a stage."""

from typing import Any

from llvmlite import ir
from numba.core import types  # noqa: TID253

from gaussrep.rendering.cpu.lanes import instruction


@instruction
def claim(typingctx: Any, counter: Any) -> Any:
    """The next task: what the counter (an int64 array of one) holds, while raising it by one."""

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array = context.make_array(sig.args[0])(context, builder, args[0])
        return builder.atomic_rmw("add", array.data, ir.IntType(64)(1), "monotonic")

    return types.int64(counter), emit
