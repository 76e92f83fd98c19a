"""Measures how far the values reach that CenterFace counts with, for the build to round them.

    python -m benchmarks.ranges FOLDER

Run it from the root of a checkout. It fetches the network as the build does, shows it the pictures
of FOLDER at several sizes, and writes scrub/models/ranges.json: of each value that is rounded, the
least and the greatest in nine looks of ten. What reaches further is cut there. The photographs
should be what scrub is for: crowds, near and far, by day and by night.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from scrub.detectors.centerface import aligned
from scrub.formats import FORMATS, probe
from scrub.models.build import RANGES, SOURCES, fetch, lean
from scrub.scaling import resized

SIDES = (512, 768, 1280)
"""Pixels of the longer side of what the network is shown."""

WITHIN = 0.9
"""Share of the looks that stay within a range."""

FIRST, LAST = 369, 535
"""CenterFace names its values by number: from the end of its first block to what its last steps
read."""

FLOATS = frozenset({"513", "514", "518", "520", "521", "525", "527", "528"})
"""What enlarges coarse values and adds them to finer ones keeps its floats."""


def main() -> None:
    """Write the ranges, and tell how many looks they are from."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    network = onnx.load_model_from_string(lean(fetch(SOURCES[0])))
    names = _rounded(network.graph)
    del network.graph.output[:]
    network.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(network.SerializeToString())
    [pictures] = session.get_inputs()
    ends = []
    for path in sorted(folder.iterdir()):
        for shown in _looks(path):
            given = session.run(None, {pictures.name: shown})
            ends.append([(value.min(), value.max()) for value in given])
    low, high = np.quantile(ends, (1 - WITHIN, WITHIN), axis=0)
    rows = zip(names, np.minimum(low[:, 0], 0), high[:, 1], strict=True)
    lines = [f'  "{name}": [{least:.4g}, {greatest:.4g}]' for name, least, greatest in rows]
    RANGES.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{len(ends)} looks, {len(lines)} ranges")


def _rounded(graph: Any) -> list[str]:
    """The values that are rounded: what ends a step that can count without floats."""
    bent = {node.input[0] for node in graph.node if node.op_type == "Relu"}
    return [
        name
        for node in graph.node
        for name in node.output
        if node.op_type in ("Conv", "Relu", "Add")
        and FIRST <= int(name) <= LAST
        and name not in bent | FLOATS
    ]


def _looks(path: Path) -> Iterator[NDArray[np.float32]]:
    media = probe(path)
    for frame in FORMATS[media.kind].frames(media):
        for side in SIDES:
            whole = aligned(resized(frame.rgb, side / max(frame.rgb.shape[:2])))
            yield np.ascontiguousarray(whole.transpose(2, 0, 1)[None], np.float32)


if __name__ == "__main__":
    main()
