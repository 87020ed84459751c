"""What cupy.fuse makes of every fused function: CuPy traces each and NVRTC compiles it, without a GPU."""

import re

import numpy as np
import pytest
import strict_cupy
from test_contract import forward, gradients, run
from training.test_loop import VARIANTS
from training.test_step import PRESETS

from minihit import backend
from minihit.gradcheck.table import CHECKS

from .test_double import one_step
from .test_networks import upload

PARAMETERS = 4096                                                         # bytes that a kernel of CUDA can be given


@pytest.fixture
def cupy():
    """CuPy with arrays that have no memory."""
    cupy = pytest.importorskip("cupy")
    from cupy.cuda import memory
    from cupy_backends.cuda.libs import nvrtc

    try:
        nvrtc.getVersion()
    except Exception as error:  # a library that is looked for and not found, in whatever way
        pytest.skip(f"NVRTC is not installed: {error}")
    nothing = memory.MemoryPointer(memory.UnownedMemory(0, 1, None, 0), 0)
    with cupy.cuda.using_allocator(lambda size: nothing):
        yield cupy


def fused_calls():
    """(function, kinds of its arguments) over all layers and a step, run on the double in float32."""
    found = set()

    def recording(xp, function):
        def call(*args):
            if strict_cupy.launches.fusion is None:
                found.add((function, tuple(kind(x) for x in args)))
            return xp.fuse(function)(*args)

        return call

    with pytest.MonkeyPatch.context() as patch:
        strict_cupy.install(patch)
        patch.setattr(backend, "_fuse", recording)
        for preset in (PRESETS["everything"], VARIANTS["layer norm"]):
            one_step(preset)
        for case in CHECKS.values():
            host = run(case, np.float32)
            params, inputs, options, dy = upload([host.params, host.inputs, host.options, host.dy])
            gradients(case, dy, forward(case, params, inputs, options)[1])
    return sorted(found, key=lambda call: (call[0].__module__, call[0].__name__, str(call[1])))


def kind(x):
    """(axes, dtype) of an array; a number or None as it is."""
    return (x.ndim, x.dtype) if hasattr(x, "dtype") else x


def traced(cupy, function, kinds):
    """The kernel that CuPy makes of the function; private names of CuPy 14, as its public ones need a GPU."""
    from cupy._core import fusion

    args = [cupy.ndarray((2,) * x[0], x[1]) if isinstance(x, tuple) else x for x in kinds]
    fusion._thread_local.history, fusion._thread_local.is_old_fusing = fusion._FusionHistory(), True
    try:
        return fusion._thread_local.history.get_fusion(function, args, function.__name__)[0]
    finally:
        fusion._thread_local.history, fusion._thread_local.is_old_fusing = None, False


def size_of_parameters(kernel, kinds):
    """Bytes: of each array a pointer, a size, and shape and strides of the axes; the same of the index."""
    axes = max(x[0] for x in kinds if isinstance(x, tuple))
    return (len(kernel.params) + 1) * (16 + 16 * axes)


def compiled(kernel):
    from cupy._core import core
    from cupy_backends.cuda.libs import nvrtc

    arrays = [(f"{'const ' * p.is_const}{p.ctype}", p.name) for p in kernel.params if p.ctype]
    source = "\n".join([
        "#include <cupy/carray.cuh>", kernel.preamble, 'extern "C" __global__ void kernel(',
        ", ".join(f"{ctype}* all_{name}" for ctype, name in arrays), ") {",
        *(f"{ctype}& {name} = all_{name}[threadIdx.x];" for ctype, name in arrays), kernel.operation, "}"])
    program = nvrtc.createProgram(source, "kernel.cu", [], [])
    try:
        nvrtc.compileProgram(program, ("--gpu-architecture=compute_80", *core.assemble_cupy_compiler_options(())))
    except nvrtc.NVRTCError:
        pytest.fail(nvrtc.getProgramLog(program))
    return nvrtc.getPTX(program)


def test_every_fused_function_becomes_one_kernel_in_its_own_precision(cupy):
    calls = fused_calls()
    assert {"minihit.ops.fast.gelu", "minihit.optim", "minihit.ops.fast.normalize"} <= {f.__module__ for f, _ in calls}
    for function, kinds in calls:
        kernel = traced(cupy, function, kinds)
        computed = re.findall(r"^(double|float16) v\d+;", kernel.operation, re.MULTILINE)
        assert computed == [], f"{function.__module__}.{function.__name__}"
        assert compiled(kernel)
        assert size_of_parameters(kernel, kinds) <= PARAMETERS, f"{function.__module__}.{function.__name__}"
