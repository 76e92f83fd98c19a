"""Small networks laid out like YuNet and SCRFD, for which a red square is a face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx.parser
from numpy.typing import NDArray

STRIDES = (8, 16, 32)
FIRES = 32
"""The one stride at which they see: a cell of so many pixels that is all red."""


def red_square(side: int, left: int, top: int, size: int) -> NDArray[np.uint8]:
    """A black picture of ``side`` x ``side`` pixels with one red square in it."""
    rgb = np.zeros((side, side, 3), np.uint8)
    rgb[top : top + size, left : left + size, 0] = 255
    return rgb


def scrfd(path: Path, side: str = "S", anchors: int = 2) -> Path:
    """A box as large as a cell around each red cell's corner; ``side`` in pixels, or a name."""
    outputs, body = [], ""
    for stride in STRIDES:
        gain = "twenty, zero" if stride == FIRES else "zero, never"
        outputs += [f"float[A{stride}, 1] score_{stride}", f"float[A{stride}, 4] bbox_{stride}"]
        body += f"""
            {_probability(stride, gain)}
            stack{stride} = Concat <axis = 1> ({", ".join([f"p{stride}"] * anchors)})
            turned{stride} = Transpose <perm = [0, 2, 3, 1]> (stack{stride})
            score_{stride} = Reshape (turned{stride}, column)
            zeros{stride} = Mul (stack{stride}, zero)
            halves{stride} = Add (zeros{stride}, half)
            four{stride} = Concat <axis = 1> ({", ".join([f"halves{stride}"] * 4)})
            bbox_{stride} = Reshape (four{stride}, fours)"""
    return _saved(path, f"float[1, 3, {side}, {side}] picture", outputs, body, "1, 0, 0")


def yunet(path: Path) -> Path:
    """A box as large as a cell around each red cell's corner; OpenCV asks with blue first."""
    outputs, body = [], ""
    for stride in STRIDES:
        gain = "fifth, below" if stride == FIRES else "zero, never"
        body += f"""
            {_probability(stride, gain)}
            zeros{stride} = Mul (p{stride}, zero)"""
        for name, columns in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            outputs.append(f"float[1, A{stride}, {columns}] {name}_{stride}")
            source = f"p{stride}" if columns == 1 else f"zeros{stride}"
            body += f"""
            {name}s{stride} = Concat <axis = 1> ({", ".join([source] * columns)})
            {name}t{stride} = Transpose <perm = [0, 2, 3, 1]> ({name}s{stride})
            {name}_{stride} = Reshape ({name}t{stride}, rows{columns})"""
    return _saved(path, "float[1, 3, 640, 640] input", outputs, body, "0, 0, 1")


def stranger(path: Path) -> Path:
    """A network that gives the red of a picture back."""
    output = ["float[1, 1, 64, 64] red"]
    return _saved(path, "float[1, 3, 64, 64] picture", output, "", "1, 0, 0")


def parted(path: Path) -> Path:
    """Outputs with a quarter of the sides, as CenterFace has them, and what it has to spare."""
    text = """<ir_version: 8, opset_import: ["": 17]>
        network (float[1, 3, 32, 32] picture) => (float[1, 1, 8, 8] heat, float[1, 1, 8, 8] "540")
        <float[4, 3, 1, 1] inner = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
         float[4] shift = {1, -2, 3, -4}, float[1, 4, 1, 1] outer = {0.5, -1, 2, 0.25},
         float[1] bias = {3}, float[1, 1, 2, 2] last = {1, 2, 3, 4},
         float unread = {7}>
        {
            "507" = Conv (picture, inner, shift)
            "509" = Conv ("507", outer, bias)
            heat = Conv <strides = [4, 4]> ("509", last)
            "540" = Conv <strides = [4, 4]> ("509", last)
        }"""
    onnx.save(onnx.parser.parse_model(text), path)
    return path


def bent(path: Path) -> Path:
    """Convolutions and Relus in turn, and a sum, around what :func:`parted` has to spare."""
    text = """<ir_version: 8, opset_import: ["": 17]>
        network (float[1, 3, 32, 32] picture) => (float[1, 1, 8, 8] heat, float[1, 1, 8, 8] "540")
        <float[2, 3, 1, 1] inner = {1, 2, -3, 4, -5, 2}, float[2] shift = {1, -1},
         float[2, 2, 1, 1] outer = {0.5, -1, 2, 0.25}, float[2] bias = {0.5, 1},
         float[2, 1, 1, 1] each = {0.01, 30}, float[2] aside = {0.1, -9},
         float[1, 2, 2, 2] last = {1, 2, 3, 4, -1, -2, -3, -4}, float[1] end = {0.25}>
        {
            "507" = Conv (picture, inner, shift)
            "509" = Conv ("507", outer, bias)
            "511" = Relu ("509")
            "600" = Conv <group = 2> ("511", each, aside)
            "601" = Relu ("600")
            "602" = Add ("601", "511")
            heat = Conv <strides = [4, 4]> ("602", last, end)
            "540" = Conv <strides = [4, 4]> ("602", last, end)
        }"""
    onnx.save(onnx.parser.parse_model(text), path)
    return path


def _probability(stride: int, gain: str) -> str:
    factor, shift = gain.split(", ")
    return f"""mean{stride} = AveragePool
                <kernel_shape = [{stride}, {stride}], strides = [{stride}, {stride}]> (red)
            scaled{stride} = Mul (mean{stride}, {factor})
            shifted{stride} = Add (scaled{stride}, {shift})
            p{stride} = Sigmoid (shifted{stride})"""


def _saved(path: Path, given: str, outputs: list[str], body: str, channel: str) -> Path:
    name = given.split()[-1]
    text = f"""<ir_version: 8, opset_import: ["": 17]>
        network ({given}) => ({", ".join(outputs)})
        <float[1, 3, 1, 1] pick = {{{channel}}}, float zero = {{0}}, float half = {{0.5}},
         float twenty = {{20}}, float fifth = {{0.2}}, float below = {{-20}}, float never = {{-9}},
         int64[2] column = {{-1, 1}}, int64[2] fours = {{-1, 4}}, int64[3] rows1 = {{1, -1, 1}},
         int64[3] rows4 = {{1, -1, 4}}, int64[3] rows10 = {{1, -1, 10}}>
        {{
            red = Conv ({name}, pick){body}
        }}"""
    onnx.save(onnx.parser.parse_model(text), path)
    return path
