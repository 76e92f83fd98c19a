"""MediaPipe's BlazeFace short range, through the Tasks API: a second opinion on near faces.

BlazeFace (Bazarevsky et al., 2019) was made for a telephone's front camera. In a crowd it
finds little, but large, tilted and cropped faces it finds in 3 ms, and other ones than
CenterFace.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from scrub.detectors import Pixels
from scrub.errors import ModelError
from scrub.models import weights
from scrub.regions import Box, Detection
from scrub.scaling import resized
from scrub.silence import silence

FLOOR = 0.5
"""Candidates below this confidence are noise."""

WEIGHT = 0.075
"""Evidence per confidence above the floor. In crowds most of what BlazeFace believes in is no
face: it supports what CenterFace doubts, and alone counts only where it is very sure."""

LARGEST = 512
"""Pixels of the longer side that MediaPipe is given: the network itself sees 128."""

TILE_OVERLAP = 0.25
"""Share of a tile that its neighbour sees too, so that no near face is cut by both."""


class BlazeFace:
    """A detector that looks at the whole picture and at ``tiles`` x ``tiles`` parts of it."""

    def __init__(self, tiles: int = 2) -> None:
        """Load the network. Raises ModelError where MediaPipe refuses it."""
        # MediaPipe takes a second to import, and not every command needs it.
        import mediapipe
        from mediapipe.tasks.python import BaseOptions, vision

        options = vision.FaceDetectorOptions(
            base_options=BaseOptions(
                model_asset_buffer=with_metadata(weights("blazeface_short_range.tflite"))
            ),
            min_detection_confidence=FLOOR,
        )
        self._image = mediapipe.Image
        self._srgb = mediapipe.ImageFormat.SRGB
        try:
            # It greets on standard error, with lines that alarm a reader and no switch turns off.
            with silence:
                self._detector: Any = vision.FaceDetector.create_from_options(options)
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelError(
                Path("blazeface_short_range.tflite"),
                f"MediaPipe refuses the model ({error})",
                "install scrub again",
            ) from error
        self._tiles = tiles

    def detect(self, rgb: Pixels) -> list[Detection]:
        """Candidates of all looks, unmerged; see :class:`scrub.detectors.Detector`."""
        height, width = rgb.shape[:2]
        found = [*self._look(rgb, 0, 0)]
        if self._tiles > 1:
            for tile in tiles(width, height, self._tiles):
                part = rgb[tile.top : tile.bottom, tile.left : tile.right]
                found += self._look(part, tile.left, tile.top)
        return found

    def close(self) -> None:
        # Left to the interpreter's exit, MediaPipe's finaliser raises.
        self._detector.close()

    def _look(self, part: Pixels, across: int, down: int) -> Iterator[Detection]:
        """Candidates in a part of the picture that begins at ``across`` and ``down``."""
        scale = min(1.0, LARGEST / max(part.shape[:2]))
        small = resized(part, scale)
        result = self._detector.detect(self._image(image_format=self._srgb, data=small))
        for found in result.detections:
            box = found.bounding_box
            edges = box.origin_x, box.origin_y, box.origin_x + box.width, box.origin_y + box.height
            left, top, right, bottom = (edge / scale for edge in edges)
            yield Detection(
                Box.around(across + left, down + top, across + right, down + bottom),
                WEIGHT * (float(found.categories[0].score) - FLOOR),
                "blazeface",
            )


def tiles(width: int, height: int, count: int) -> list[Box]:
    """``count`` x ``count`` overlapping boxes that together hold the whole picture."""
    share = 1 / (count - (count - 1) * TILE_OVERLAP)
    step = share * (1 - TILE_OVERLAP)
    return [
        Box.around(
            column * step * width,
            row * step * height,
            (column * step + share) * width,
            (row * step + share) * height,
        ).clip(width, height)
        for row in range(count)
        for column in range(count)
    ]


def with_metadata(model: bytes) -> bytes:
    """The TFLite model with the metadata that the Tasks API insists on.

    The API refuses a bare file ("requires NormalizationOptions metadata"). The network takes
    values from -1 to 1, hence mean and standard deviation 127.5 (MediaPipe's face_detection
    graph). Flatbuffer identifiers: "TFL3" for a model, "M001" for its metadata.
    """
    import flatbuffers
    from mediapipe.tasks.metadata import metadata_schema_py_generated as metadata
    from mediapipe.tasks.metadata import schema_py_generated as schema

    def packed(thing: Any, identifier: bytes) -> bytes:
        builder = flatbuffers.Builder()
        builder.Finish(thing.Pack(builder), identifier)
        return bytes(builder.Output())

    normalization = metadata.NormalizationOptionsT()
    normalization.mean = normalization.std = [127.5]
    unit = metadata.ProcessUnitT()
    unit.optionsType = metadata.ProcessUnitOptions.NormalizationOptions
    unit.options = normalization
    content = metadata.ContentT()
    content.contentPropertiesType = metadata.ContentProperties.ImageProperties
    content.contentProperties = metadata.ImagePropertiesT()
    content.contentProperties.colorSpace = metadata.ColorSpaceType.RGB
    tensor = metadata.TensorMetadataT()
    tensor.processUnits = [unit]
    tensor.content = content
    graph = metadata.SubGraphMetadataT()
    graph.inputTensorMetadata = [tensor]
    whole = metadata.ModelMetadataT()
    whole.subgraphMetadata = [graph]

    result = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(model, 0))
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(packed(whole, b"M001"), np.uint8)
    result.buffers.append(buffer)
    link = schema.MetadataT()
    link.name = "TFLITE_METADATA"
    link.buffer = len(result.buffers) - 1
    result.metadata = [link]
    return packed(result, b"TFL3")
