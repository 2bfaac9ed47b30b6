"""Numba's compiler as kernels need it: inlined functions without machine code, and less garbage.

Numba optimizes and emits machine code for every function, also for one of three additions that is
only ever inlined, and again for all that it calls. Here LLVM's passes run once, on the whole
kernel. Python's garbage collector examines torch's and Numba's hundred thousands of objects again
and again meanwhile, and Numba looks in every function for closures and array expressions to
rewrite. Without all this, compiling takes a third less time.
"""

import sys
from importlib.util import find_spec
from types import CodeType
from typing import Any

import numba  # noqa: TID253
from numba.core import typed_passes, untyped_passes  # noqa: TID253
from numba.core.codegen import JITCodeLibrary  # noqa: TID253
from numba.core.compiler import Compiler  # noqa: TID253
from numba.core.compiler_machinery import PassManager  # noqa: TID253

from gaussrep.runtime.collector import disabled_collector

PASSES = (
    untyped_passes.TranslateByteCode,
    untyped_passes.FixupArgs,
    untyped_passes.IRProcessing,
    untyped_passes.RewriteSemanticConstants,
    untyped_passes.DeadBranchPrune,
    untyped_passes.GenericRewrites,
    untyped_passes.ReconstructSSA,
    typed_passes.NopythonTypeInference,
    typed_passes.PreLowerStripPhis,
    typed_passes.IRLegalization,
    typed_passes.NativeLowering,
    typed_passes.NoPythonBackend,
)
"""Numba's passes over functions that create no arrays and define no functions."""


class KernelCompiler(Compiler):
    """Numba's compiler, for kernels.

    Args:
        typingctx: Numba's typing context.
        targetctx: Numba's target context.
        library: None, for a library of the kernel's own.
        arguments: Further arguments of `Compiler`.
    """

    def __init__(self, typingctx: Any, targetctx: Any, library: Any, *arguments: Any) -> None:
        _import_arrays()
        super().__init__(typingctx, targetctx, library, *arguments)
        state: Any = self.state
        state.library = KernelLibrary(state.targetctx.codegen(), "kernel")
        state.library.enable_object_caching()

    def compile_extra(self, func: Any) -> Any:
        """Compile a function with the garbage collector paused."""
        with disabled_collector():
            return super().compile_extra(func)


class KernelLibrary(JITCodeLibrary):
    """The code of a kernel, optimized once."""

    def _optimize_final_module(self) -> None:
        """Skip Numba's first optimization pass, which is for reference-counted functions."""
        found = self._codegen._module_pass_manager()
        if isinstance(found, tuple):
            manager, builder = found
            manager.run(self._final_module, builder)
        else:  # LLVM's former pass manager, of Numba 0.60 and 0.61
            found.run(self._final_module)


class InlineCompiler(Compiler):
    """Numba's compiler, for functions that are never called from Python.

    Args:
        typingctx: Numba's typing context.
        targetctx: Numba's target context.
        library: None, for a library of the function's own.
        arguments: Further arguments of `Compiler`.
    """

    def __init__(self, typingctx: Any, targetctx: Any, library: Any, *arguments: Any) -> None:
        super().__init__(typingctx, targetctx, library, *arguments)
        state: Any = self.state
        state.library = InlinedLibrary(state.targetctx.codegen(), "inlined")
        state.targetctx.get_executable = _make_key

    def define_pipelines(self) -> list[Any]:
        """Leave passes out that change nothing, if the function allows it."""
        state: Any = self.state
        constants = state.func_id.code.co_consts
        if state.flags.nrt or any(isinstance(constant, CodeType) for constant in constants):
            return super().define_pipelines()
        manager = PassManager("inlined")
        for step in PASSES:
            manager.add_pass(step, step.__name__)
        manager.finalize()
        return [manager]


class InlinedLibrary(JITCodeLibrary):
    """The code of a function and of what it calls, not optimized."""

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def finalize(self) -> None:
        """Link the functions that are called."""
        self._raise_if_finalized()
        for library in dict.fromkeys(self._linking_libraries):
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True


def _make_key(library: Any, fndesc: Any, env: Any) -> Any:
    """Make the object by which Numba looks up the function; it is never called."""
    name = fndesc.qualname.rpartition(".")[2]
    make_function = getattr(numba, "_dynfunc").make_function  # noqa: B009 (pyright cannot see it)
    return make_function(fndesc.lookup_module(), name, "", 0, env, (library,))


def _import_arrays() -> None:
    """Import Numba's array functions without SciPy, which takes longer than all of them.

    They import it to know whether it has a BLAS; each function that calls BLAS looks for it again.
    """
    if "numba.np.arraymath" in sys.modules:
        return
    from numba.np import linalg

    functions: Any = linalg
    ensure_blas, functions.ensure_blas = functions.ensure_blas, bool
    try:
        from numba.np import arraymath
    finally:
        functions.ensure_blas = ensure_blas
    found: Any = arraymath
    found.ensure_blas, found._HAVE_BLAS = ensure_blas, find_spec("scipy") is not None
