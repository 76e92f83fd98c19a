"""Every detector of the table keeps the same promises; the ensemble loses none of their finds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scrub import machine, pipeline
from scrub.detectors import DETECTORS, Detector, Look, Pixels, blazeface, centerface, load, presets
from scrub.detectors.ensemble import Both, Ensemble, fuse
from scrub.detectors.presets import Eyes
from scrub.errors import ModelError
from scrub.regions import Box, Detection
from scrub.scaling import resized
from scrub.settings import Settings
from tests.media import CROWD_FACES, PICTURE_FACES, Edges, crowd, picture


@dataclass(frozen=True)
class Promise:
    """How a detector is made here, and how small a face it is expected to find in a crowd."""

    options: Mapping[str, Any]
    height: int


PROMISES = {
    "centerface": Promise({"looks": (Look(1024),), "threads": 1}, height=24),
    "blazeface": Promise({"tiles": 2}, height=120),
}
"""A new detector joins by a line here; everything below follows."""

FOUND = 0.4
"""Intersection over union from which a find is the face; labels differ by as much."""

SHAPES = [(1, 1), (3, 2000), (2000, 3), (33, 65), (200, 301)]


NO_WHEEL = "MediaPipe has no wheel for this system"
needs_mediapipe = pytest.mark.skipif(find_spec("mediapipe") is None, reason=NO_WHEEL)


def read_only(pixels: Pixels) -> Pixels:
    pixels.flags.writeable = False
    return pixels


def missed(found: Sequence[Detection], faces: Sequence[Edges]) -> list[Edges]:
    return [face for face in faces if all(one.box.iou(Box(*face)) <= FOUND for one in found)]


def moved(faces: Sequence[Edges], left: int, top: int, width: int, height: int) -> list[Edges]:
    """The faces that lie whole in a part of the picture, in that part's pixels."""
    part = Box(left, top, left + width, top + height)
    inside = [face for face in faces if Box(*face).intersect(part) == Box(*face)]
    return [(face[0] - left, face[1] - top, face[2] - left, face[3] - top) for face in inside]


# --- each detector ------------------------------------------------------------------------------


def test_every_detector_is_held_to_its_promise() -> None:
    assert set(PROMISES) == set(DETECTORS)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=needs_mediapipe if name == "blazeface" else ())
        for name in DETECTORS
    ],
)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def detector(name: str) -> Iterator[Detector]:
    loaded = load(name, **PROMISES[name].options)
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def faces(name: str) -> list[Edges]:
    return [face for face in CROWD_FACES if face[3] - face[1] >= PROMISES[name].height]


@pytest.fixture(scope="module")
def found(detector: Detector) -> list[Detection]:
    return detector.detect(read_only(crowd()))


def test_the_faces_of_a_crowd_are_found(found: list[Detection], faces: list[Edges]) -> None:
    assert len(faces) >= 4
    assert missed(found, faces) == []


def test_a_find_says_who_found_it_where_and_how_surely(name: str, found: list[Detection]) -> None:
    height, width = crowd().shape[:2]
    for one in found:
        assert one.detector.split()[0] == name
        assert 0 <= one.score <= 1
        assert one.box.clip(width, height).area > 0
        assert all(isinstance(edge, int) for edge in (one.box.left, one.box.bottom))


def test_the_same_picture_gives_the_same_answer(
    detector: Detector, found: list[Detection], name: str
) -> None:
    assert detector.detect(crowd()) == found
    again = load(name, **PROMISES[name].options)
    assert again.detect(crowd()) == found
    again.close()


def test_a_mirrored_picture_shows_mirrored_faces(detector: Detector, faces: list[Edges]) -> None:
    pixels = crowd()
    width = pixels.shape[1]
    mirrored = [(width - right, top, width - left, bottom) for left, top, right, bottom in faces]
    # A view with a negative stride is a picture too.
    assert missed(detector.detect(pixels[:, ::-1]), mirrored) == []


def test_boxes_are_in_the_pixels_of_a_picture_of_any_size(
    detector: Detector, faces: list[Edges]
) -> None:
    left, top, width, height = 9, 301, 1211, 893
    part = crowd()[top : top + height, left : left + width]
    inside = moved(faces, left, top, width, height)
    assert len(inside) >= 3
    assert missed(detector.detect(part), inside) == []


def test_a_large_picture_is_no_different(detector: Detector, faces: list[Edges]) -> None:
    double = np.asarray(Image.fromarray(crowd()).resize((3200, 2400)))
    larger = [tuple(2 * edge for edge in face) for face in faces]
    assert missed(detector.detect(double), larger) == []


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_flat_picture_shows_no_face(
    detector: Detector, shape: tuple[int, int], value: int
) -> None:
    assert detector.detect(np.full((*shape, 3), value, np.uint8)) == []


# --- what only one of them has ------------------------------------------------------------------


def test_the_number_of_threads_changes_nothing() -> None:
    answers = []
    for threads in (1, 2):
        detector = load("centerface", looks=(Look(1024, mirrored=True),), threads=threads)
        answers.append([one.box for one in detector.detect(crowd())])
        detector.close()
    assert answers[0] == answers[1]


def test_a_mirrored_look_gives_boxes_in_the_picture_as_it_is() -> None:
    detector = load("centerface", looks=(Look(768, mirrored=True),), threads=1)
    assert missed(detector.detect(picture()), PICTURE_FACES) == []
    detector.close()


@pytest.mark.parametrize("tilt", [20, -20])
def test_a_tilted_look_gives_boxes_in_the_picture_as_it_is(tilt: int) -> None:
    detector = load("centerface", looks=(Look(768, tilt=tilt),), threads=1)
    assert missed(detector.detect(picture()), PICTURE_FACES) == []
    detector.close()


def test_tilted_looks_see_heads_that_lean_and_take_nothing_from_upright_ones() -> None:
    upright, leaning = (
        load("centerface", looks=(Look(768), *tilts), threads=1)
        for tilts in ((), presets.tilted(512))
    )

    def strongest(detector: Detector, pixels: Pixels) -> float:
        return max((face.score for face in fuse(detector.detect(pixels))), default=0.0)

    straight = Image.fromarray(picture())
    bent = np.asarray(straight.rotate(150, expand=True, fillcolor="grey"))
    assert strongest(leaning, bent) > 1.3 * strongest(upright, bent)
    assert strongest(leaning, picture()) >= strongest(upright, picture())


def test_a_near_look_sees_what_is_large_to_it_and_takes_nothing_from_others() -> None:
    few, many = (
        load("centerface", looks=(Look(1024), *near), threads=1) for near in ((), (presets.NEAR,))
    )
    pixels = crowd()
    others, all_finds = few.detect(pixels), many.detect(pixels)
    assert all_finds[: len(others)] == others
    scale = presets.NEAR.side / max(pixels.shape[:2])
    sides = [max(one.box.width, one.box.height) for one in all_finds[len(others) :]]
    assert sides, "some of the crowd are near"
    # Boxes are of whole pixels.
    assert min(sides) * scale > centerface.LARGE - 2
    smaller = load("centerface", looks=(replace(presets.NEAR, near=False),), threads=1)
    assert len(smaller.detect(pixels)) > len(sides), "and others are not"


@given(st.floats(1, 500), st.floats(1, 500), st.integers(-90, 90))
def test_the_box_around_a_leaning_face_lies_between_the_upright_and_the_lying_one(
    width: float, height: float, tilt: int
) -> None:
    wide, high = centerface._upright((width, height), tilt)
    least, most = sorted((width, height))
    assert least - 1e-6 <= min(wide, high) <= max(wide, high) <= most + 1e-6
    assert wide**2 + high**2 == pytest.approx(width**2 + height**2)
    assert centerface._upright((width, height), 90) == pytest.approx((height, width))


def test_a_small_picture_is_not_enlarged_without_end() -> None:
    """Looks that would only see the interpolation are left out, but never all of them."""
    detector = load("centerface", looks=(Look(128), Look(256), Look(2880)), threads=1)
    names = {one.detector for one in detector.detect(picture())}
    assert names == {"centerface 128", "centerface 256"}
    detector.close()


def test_more_looks_make_a_face_surer_and_not_larger_in_number() -> None:
    few, many = (
        load("centerface", looks=looks, threads=1)
        for looks in ((Look(1024),), (Look(1024), Look(1024, mirrored=True), Look(1600)))
    )
    pixels = crowd()
    once, often = fuse(few.detect(pixels)), fuse(many.detect(pixels))
    assert all(0 < face.score <= 1 for face in (*once, *often))
    for face in CROWD_FACES:
        scores = [
            max((one.score for one in found if one.box.iou(Box(*face)) > FOUND), default=0.0)
            for found in (once, often)
        ]
        assert scores[1] > scores[0] / 2, "the average of three looks"


def test_a_look_that_could_not_have_seen_a_face_has_no_say() -> None:
    small, large = Box(0, 0, 10, 9), Box(0, 0, 40, 30)
    scales = [0.5, 1.0, 2.0]
    assert centerface._witnesses(large, scales) == 3
    assert centerface._witnesses(small, scales) == 1
    assert centerface._witnesses(Box(0, 0, 1, 1), scales) == 1


@pytest.mark.parametrize("adding", [Look(512, near=True), Look(512, tilt=35)])
def test_a_look_that_only_adds_counts_the_same_beside_many_that_vote(adding: Look) -> None:
    face = Box(0, 0, 40, 40)
    shares = [centerface._voices(face, adding, [1.0] * voters) for voters in (1, 2, 3, 4, 6)]
    assert shares == [1, 2, 3, 3, 3]
    assert centerface._voices(face, Look(512), [1.0] * 6) == 6


@needs_mediapipe
def test_the_whole_picture_is_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its halves, which the others begin with too, are made once; a copy's would be made anew."""
    given: list[Pixels] = []

    def noted(rgb: Pixels, scale: float) -> Pixels:
        given.append(rgb)
        return resized(rgb, scale)

    monkeypatch.setattr(blazeface, "resized", noted)
    rgb = picture()
    detector = load("blazeface", tiles=2)
    detector.detect(rgb)
    detector.close()
    assert given[0] is rgb
    assert len(given) == 5


def test_tiles_overlap_and_hold_the_whole_picture() -> None:
    for count in (2, 3):
        seen = np.zeros((101, 203), np.int64)
        for part in blazeface.tiles(203, 101, count):
            assert part.clip(203, 101) == part
            seen[part.top : part.bottom, part.left : part.right] += 1
        assert seen.min() == 1
        assert seen.max() == 4


@needs_mediapipe
@pytest.mark.parametrize(
    "spoil",
    [bytes, lambda model: b"no model", lambda model: model[:5000], lambda model: model],
    ids=["empty", "no model", "cut", "without metadata"],
)
def test_a_model_that_mediapipe_refuses_is_named(
    spoil: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blazeface, "with_metadata", spoil)
    with pytest.raises(ModelError, match="MediaPipe refuses the model") as caught:
        blazeface.BlazeFace()
    assert caught.value.remedy == "install scrub again"


@pytest.mark.parametrize("model", [b"", b"no model"])
def test_a_model_that_onnx_runtime_refuses_is_named(
    model: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(centerface, "weights", lambda name: model)
    with pytest.raises(ModelError, match="ONNX Runtime refuses the model") as caught:
        centerface.CenterFace((Look(1024),))
    assert caught.value.remedy == "install scrub again"


ONE_LOOK = """
import numpy, sys
from scrub.detectors import DETECTORS
assert not {"cv2", "mediapipe", "onnxruntime"} & set(sys.modules), "the registry loads nothing"
from scrub.detectors.presets import eyes
opened = eyes("fast", 1)
blank = numpy.zeros((64, 64, 3), numpy.uint8)
for one in (opened.first, opened.second, opened.again):
    one.detect(blank)
list(opened.watcher.watch([(blank, 0.0)]))
opened.close()
"""


def test_closed_eyes_leave_without_a_word() -> None:
    """Left open, MediaPipe complains when the interpreter ends; it greets when it starts, too."""
    ended = subprocess.run([sys.executable, "-c", ONE_LOOK], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@needs_mediapipe
def test_closed_standard_error_is_no_fault_of_the_model() -> None:
    code = f"import os; os.close(2)\n{ONE_LOOK}"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# --- strips -------------------------------------------------------------------------------------

ALIGNED = st.integers(1, 100).map(lambda count: count * centerface.ALIGNMENT)


@given(ALIGNED, ALIGNED)
def test_strips_lie_side_by_side_and_are_small(width: int, height: int) -> None:
    strips = list(centerface._strips(width, height))
    shorter, longer = sorted((width, height))
    lengths = [strip.width if width > height else strip.height for strip in strips]
    assert sum(lengths) == longer
    assert sum(strip.area for strip in strips) == width * height
    assert all(one.intersect(other).area == 0 for one, other in combinations(strips, 2))
    assert all(length % centerface.ALIGNMENT == 0 for length in lengths)
    if len(strips) > 1:
        shown = (max(lengths) + 2 * centerface.OVERLAP) * shorter
        assert shown <= centerface.STRIP + centerface.ALIGNMENT * shorter


@pytest.mark.parametrize("part", [np.s_[:600], np.s_[:, 500:1100]], ids=["lying", "upright"])
def test_a_picture_in_strips_shows_the_same_faces(
    part: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rgb = crowd()[part]
    height, width = rgb.shape[:2]
    detector = centerface.CenterFace((Look(max(width, height)),))
    whole = [one.box for one in detector.detect(rgb) if one.score > 0.1]
    monkeypatch.setattr(centerface, "STRIP", 400_000)
    assert len(list(centerface._strips(width, height))) > 2
    found = detector.detect(rgb)
    assert len(whole) > 15
    assert missed(found, [(box.left, box.top, box.right, box.bottom) for box in whole]) == []
    assert len([one for one in found if one.score > 0.1]) <= len(whole) + 2


@pytest.mark.skipif(machine.resident(os.getpid()) == 0, reason="this system does not tell")
def test_after_a_large_picture_the_network_gives_its_memory_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    detector = centerface.CenterFace((Look(1280),), threads=1)
    found = detector.detect(crowd())
    before = machine.resident(os.getpid())
    monkeypatch.setattr(centerface, "HUGE", 0)
    assert detector.detect(crowd()) == found
    assert machine.resident(os.getpid()) < before - 100_000_000


# --- the ensemble -------------------------------------------------------------------------------


class Fake:
    """A detector that believes what it was told."""

    def __init__(self, *found: Detection) -> None:
        self.found = list(found)
        self.closed = False

    def detect(self, rgb: Pixels) -> list[Detection]:
        return self.found

    def close(self) -> None:
        self.closed = True


BOX = Box(10, 10, 50, 60)
BLANK = np.zeros((80, 80, 3), np.uint8)
find = partial(Detection, BOX)


def test_looks_add_up_and_each_counts_once() -> None:
    [face] = fuse([find(0.2, "a"), find(0.15, "a"), find(0.3, "b")])
    assert face.score == pytest.approx(0.5)
    assert face.detector == "a+b"
    assert face.box == BOX


@pytest.mark.parametrize(("threshold", "count"), [(0.49, 1), (0.51, 0)])
def test_the_threshold_is_for_the_sum(threshold: float, count: int) -> None:
    one, other = Fake(find(0.2, "a")), Fake(find(0.3, "b"))
    ensemble = Ensemble([one, other], threshold, sure=0)
    assert len(ensemble.detect(BLANK)) == count
    ensemble.close()
    assert one.closed
    assert other.closed


@pytest.mark.parametrize(("sure", "doubtful"), [(0.49, False), (0.51, True)])
def test_a_find_with_little_evidence_is_doubtful(sure: float, doubtful: bool) -> None:
    ensemble = Ensemble([Fake(find(0.2, "a")), Fake(find(0.3, "b"))], 0.4, sure)
    assert [face.doubtful for face in ensemble.detect(BLANK)] == [doubtful]


def test_neighbours_stay_two_faces_under_one_large_find() -> None:
    left, right = Box(0, 0, 36, 100), Box(64, 0, 100, 100)
    large = Detection(Box(0, 0, 100, 100), 0.5, "large")
    faces = fuse([large, Detection(left, 0.4, "l"), *(Detection(right, 0.4, x) for x in "qrst")])
    for neighbour in (left, right):
        assert max(face.box.iou(neighbour) for face in faces) > FOUND


def test_a_find_without_evidence_is_none() -> None:
    assert fuse([find(0.0, "a")]) == []
    assert fuse([]) == []


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, top = draw(st.tuples(*[st.integers(-20, 60)] * 2))
    # Half of them in thirds of the picture: boxes that lie side by side in a third.
    width, height = draw(st.tuples(*[st.sampled_from([20, 30, 60]) | st.integers(1, 90)] * 2))
    return Box(left, top, left + width, top + height)


FINDS = st.lists(
    st.builds(Detection, boxes(), st.floats(0.01, 1), st.sampled_from("abcd")), max_size=16
)


@settings(max_examples=300)
@given(found=FINDS, data=st.data())
def test_fusing_loses_no_find_and_does_not_depend_on_their_order(
    found: list[Detection], data: st.DataObject
) -> None:
    faces = fuse(found)
    for one in found:
        near = [face.score for face in faces if face.box.intersect(one.box).area]
        assert max(near, default=0) >= one.score
    assert fuse(data.draw(st.permutations(found))) == faces
    assert len(faces) <= len(found)
    assert [face.score for face in faces] == sorted((face.score for face in faces), reverse=True)


# --- the presets --------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=presets.PRESETS)
def eyes(request: pytest.FixtureRequest) -> Iterator[presets.Eyes]:
    loaded = presets.eyes(request.param, 2)
    yield loaded
    loaded.close()


def test_each_preset_finds_every_face_and_little_else(eyes: presets.Eyes) -> None:
    left, top, width, height = 0, 170, 1600, 260
    faces = moved(CROWD_FACES, left, top, width, height)
    found = eyes.first.detect(crowd()[top : top + height, left : left + width])
    assert len(faces) > 30
    assert missed(found, faces) == []
    assert len(found) <= len(faces) + 4, "but for those cut by the edge"


@pytest.mark.parametrize("preset", presets.PRESETS.values(), ids=presets.PRESETS)
def test_the_second_look_does_not_ask_the_same_question(preset: presets.Preset) -> None:
    assert preset.again.mirrored
    assert preset.again.side not in {look.side for look in preset.looks}


def test_the_second_look_sees_what_the_first_would_have(eyes: presets.Eyes) -> None:
    assert missed(eyes.second.detect(picture()), PICTURE_FACES) == []
    assert eyes.second.detect(np.full((300, 400, 3), 90, np.uint8)) == []


@pytest.fixture
def without_mediapipe(monkeypatch: pytest.MonkeyPatch) -> presets.Eyes:
    monkeypatch.setattr(presets, "find_spec", lambda name: None)
    return presets.eyes("fast", 2)


def test_without_mediapipe_centerface_looks_alone_and_the_report_says_so(
    without_mediapipe: presets.Eyes, tmp_path: Path
) -> None:
    source = tmp_path / "two.png"
    Image.fromarray(picture()).save(source)
    target = tmp_path / "copy.png"
    report = pipeline.clean(source, target, Settings(preset="fast"), without_mediapipe)
    assert report.faces >= 2
    assert report.as_json()["warnings"] == [presets.ALONE]
    names = {one.detector for one in without_mediapipe.first.detect(picture())}
    assert not any("blazeface" in name for name in names)


@needs_mediapipe
def test_with_mediapipe_there_is_nothing_to_say(eyes: presets.Eyes) -> None:
    assert eyes.warnings == ()
    assert any("blazeface" in one.detector for one in eyes.first.detect(picture()))


# --- two of them together -----------------------------------------------------------------------


def test_one_of_both_is_believed_whatever_its_score() -> None:
    weak = Detection(Box(0, 0, 9, 9), 0.1, "told", doubtful=True)
    strong = Detection(Box(5, 5, 9, 9), 3.0, "told")
    weighed, believed = Fake(weak), Fake(weak, strong)
    both = Both(weighed, believed)
    found = both.detect(np.zeros((9, 9, 3), np.uint8))
    assert [one.score for one in found] == [0.1, 1.0, 3.0]
    assert [one.box for one in found] == [weak.box, weak.box, strong.box]
    both.close()
    assert weighed.closed
    assert believed.closed


def test_strict_eyes_see_what_either_sees() -> None:
    one, other = (Detection(Box(left, 0, left + 9, 9), 0.1, "told") for left in (0, 20))
    strict = Eyes(Fake(one), Fake(other), ("half blind",)).strict()
    assert strict.first.detect(np.zeros((9, 9, 3), np.uint8)) == [one]
    assert [found.box for found in strict.second.detect(np.zeros((9, 9, 3), np.uint8))] == [
        other.box,
        one.box,
    ]
    assert strict.warnings == ("half blind",)


@pytest.mark.parametrize("preset", presets.PRESETS)
def test_what_is_written_is_looked_at_as_the_preset_says(
    preset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture and a frame in the same way, which is none in which the first look looked."""
    looks: list[tuple[Look, ...]] = []
    glances: list[Look] = []

    def load(name: str, **options: Any) -> Fake:
        looks.extend([options["looks"]] if "looks" in options else [])
        return Fake()

    def glance(look: Look, threads: int) -> Fake:
        glances.append(look)
        return Fake()

    monkeypatch.setattr(presets, "load", load)
    monkeypatch.setattr(presets, "Glance", glance)
    presets.eyes(preset).close()
    first, again = presets.PRESETS[preset].looks, presets.PRESETS[preset].again
    assert looks == [first, (again,)]
    assert glances == [again]
    assert again not in first
    assert (again.side < presets.AGAIN.side) == (preset == "fast"), "where the first are few"


def test_written_videos_have_their_own_second_look() -> None:
    find = Detection(Box(0, 0, 9, 9), 0.1, "told")
    first, second, again = Fake(find), Fake(), Fake()
    looking = Eyes(first, second, again=again)
    assert looking.later("video") is again
    assert looking.later("still") is looking.later("animation") is second
    assert Eyes(first, second).later("video") is second
    strict = looking.strict().later("video").detect(np.zeros((9, 9, 3), np.uint8))
    assert [found.box for found in strict] == [find.box]
