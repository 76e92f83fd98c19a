"""Videos: read as they are seen, covered in every frame, written anew without a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest

from scrub import lookout, pipeline, verify
from scrub.detectors.presets import Eyes
from scrub.errors import (
    DamagedError,
    InputError,
    ScrubError,
    StorageError,
    UnsupportedError,
    VerificationError,
)
from scrub.exposure import bare, looked_at
from scrub.formats import FORMATS, Frame, Media, probe, sound_length, video_reading
from scrub.metadata import judge
from scrub.regions import Box, Detection, Region, head
from scrub.report import FileReport
from scrub.settings import Settings
from scrub.tasks import Check
from tests import parts
from tests.clips import (
    FRAMES,
    HEIGHT,
    MOST_APART,
    WIDTH,
    decoded,
    place,
    scene,
    stamps,
    video,
    walk,
)
from tests.conftest import Blind
from tests.pictures import Edges, Pixels, canaries, canary

CONTAINERS = {
    "mp4": ("mp4", "libx264", ".mp4"),
    "mov": ("mov", "libx264", ".mov"),
    "3gp": ("3gp", "libx264", ".3gp"),
    "mkv": ("matroska", "libx264", ".mkv"),
    "webm": ("webm", "libvpx-vp9", ".webm"),
    "avi": ("avi", "mpeg4", ".avi"),
}
"""Name -> FFmpeg's muxer, a usual codec, and the suffix."""

every_container = pytest.mark.parametrize("name", CONTAINERS)
MARKS = (b"x264", b"Lavc", b"Lavf", b"udta", b"edts", b"elst", b"meta")


class Walker:
    """Knows where the face of the tests' walk is in each frame, by what is left of it.

    It counts frames, as one clip is looked at once.
    """

    def __init__(self, seen: Iterable[int] = range(FRAMES)) -> None:
        self._seen = set(seen)
        self._next = 0

    def detect(self, rgb: Pixels) -> list[Detection]:
        index, self._next = self._next, self._next + 1
        return [Detection(Box(*place(index)), 0.9, "walker")] if index in self._seen else []

    def close(self) -> None:
        pass


def eyes(seen: Iterable[int] = range(FRAMES)) -> Eyes:
    return Eyes(Walker(seen), Blind())


def made(name: str, folder: Path, **options: Any) -> Path:
    muxer, codec, suffix = CONTAINERS[name]
    return video(folder / f"clip{suffix}", muxer=muxer, codec=codec, **options)


def clean(
    source: Path, looking: Eyes | None = None, settings: Settings | None = None
) -> FileReport:
    folder = source.parent / "out"
    folder.mkdir(exist_ok=True)
    return pipeline.clean(source, folder / "copy", settings or Settings(), looking)


def frames(path: Path, max_side: int | None = None) -> list[Frame]:
    media = probe(path, max_side)
    return list(FORMATS[media.kind].frames(media))


def apart(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one.astype(np.int16) - other).mean())


def shows(before: Pixels, after: Pixels, face: Edges) -> bool:
    return verify.surviving(before, after, head(Box(*face), 0.1)) >= verify.SURVIVES


# --- every container ----------------------------------------------------------------------------


@every_container
def test_frames_are_read_as_they_are_seen(name: str, tmp_path: Path) -> None:
    read = frames(made(name, tmp_path))
    assert len(read) == FRAMES
    assert [frame.index for frame in read] == list(range(FRAMES))
    assert [round(frame.time) for frame in read] == [40 * index for index in range(FRAMES)]
    for frame, drawn in zip(read, walk(), strict=True):
        assert apart(frame.rgb, drawn) < MOST_APART


@every_container
def test_a_face_is_covered_in_every_frame(name: str, tmp_path: Path) -> None:
    source = made(name, tmp_path)
    report = clean(source, eyes())
    assert report.target is not None
    assert report.faces == 1
    assert report.evidence is not None
    assert report.evidence.frames == FRAMES
    copies = decoded(report.target)
    assert len(copies) == FRAMES
    for index, (before, after) in enumerate(zip(decoded(source), copies, strict=True)):
        assert shows(before, before, place(index))
        assert not shows(before, after, place(index))
        assert apart(before[100:], after[100:]) < MOST_APART


@every_container
def test_nothing_of_the_old_container_stays(name: str, tmp_path: Path) -> None:
    tags = {key: canary(key) for key in ("title", "comment", "artist")}
    source = made(name, tmp_path, tags=tags)
    data = source.read_bytes()
    assert canaries(data)
    report = clean(source)
    assert report.target is not None
    data = report.target.read_bytes()
    assert not canaries(data)
    assert [mark for mark in MARKS if mark in data] == []
    copy = probe(report.target)
    assert judge(copy.kind, FORMATS[copy.kind].entries(report.target)) == ()
    assert copy.kind == ("webm" if name == "webm" else "mp4")


@every_container
def test_a_file_that_is_cut_short_is_refused(name: str, tmp_path: Path) -> None:
    source = made(name, tmp_path, pictures=walk(80), options={"g": "8"})
    data = source.read_bytes()
    source.write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError):
        clean(source)
    assert list((tmp_path / "out").iterdir()) == []


@every_container
def test_the_same_frames_give_the_same_bytes(name: str, tmp_path: Path) -> None:
    source = made(name, tmp_path)
    written = set()
    for _ in range(5):
        report = clean(source)
        assert report.target is not None
        written.add(report.target.read_bytes())
    assert len(written) == 1


@pytest.mark.parametrize(("to", "kind"), [("mp4", "mp4"), ("webm", "webm"), ("jpeg", "mp4")])
def test_a_person_chooses_the_container(to: Any, kind: str, tmp_path: Path) -> None:
    report = clean(made("mp4", tmp_path), settings=Settings(to=to))
    assert report.target is not None
    assert probe(report.target).kind == kind


# --- time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mp4", "webm"])
def test_uneven_times_are_kept(name: str, tmp_path: Path) -> None:
    def uneven(index: int) -> int:
        return 40 * index + 15 * (index % 3) + (700 if index > 6 else 0)

    source = made(name, tmp_path, times=uneven)
    report = clean(source)
    assert report.target is not None
    assert stamps(report.target) == pytest.approx(stamps(source), abs=1.0)


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60)])
def test_usual_rates_come_out_exact(rate: Fraction, tmp_path: Path) -> None:
    def setup(stream: Any) -> None:
        stream.codec_context.time_base = 1 / rate

    source = tmp_path / "clip.mp4"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index, pixels in enumerate(walk()):
            frame = av.VideoFrame.from_ndarray(pixels)
            frame.pts, frame.time_base = index, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    report = clean(source)
    assert report.target is not None
    with av.open(str(report.target)) as container:
        times = [frame.pts * frame.time_base for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == rate
    assert times == [index / rate for index in range(FRAMES)]


def test_times_that_go_back_are_put_in_order(tmp_path: Path) -> None:
    source = tmp_path / "a.mkv"
    with av.open(str(source), "w", format="matroska") as container:
        stream = container.add_stream("mjpeg")
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for index, pixels in enumerate(walk()):
            frame = av.VideoFrame.from_ndarray(pixels).reformat(format="yuvj420p")
            frame.pts, frame.time_base = 40 * index, Fraction(1, 1000)
            for packet in stream.encode(frame):
                packet.dts = index
                packet.pts -= 0 if index < 6 else 200
                container.mux(packet)
    read = frames(source)
    times = [frame.time for frame in read]
    assert times == sorted(set(times))
    assert len(read) == FRAMES
    assert any("went backwards" in warning for warning in read[-1].warnings)


def test_the_last_frame_lasts_as_long_as_it_did(tmp_path: Path) -> None:
    report = clean(made("mp4", tmp_path))
    assert report.target is not None
    lengths = []
    for path in (report.source, report.target):
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            lengths.append(float(stream.duration * stream.time_base))
    assert lengths[1] == pytest.approx(lengths[0], abs=0.001)


# --- pictures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), [(2, 2), (1, 1), (33, 17), (WIDTH + 1, HEIGHT + 1)])
def test_any_size_goes(width: int, height: int, tmp_path: Path) -> None:
    pictures = [np.full((height, width, 3), 90 + index, np.uint8) for index in range(4)]
    source = video(tmp_path / "a.avi", pictures, muxer="avi", codec="ffv1", format="yuv444p")
    report = clean(source)
    assert report.target is not None
    copies = decoded(report.target)
    assert copies[0].shape == (height + height % 2, width + width % 2, 3)
    assert apart(copies[0][:height, :width], pictures[0]) < MOST_APART


def test_frames_are_as_large_as_they_are_and_not_as_the_container_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of AV1 in RGB, FFmpeg itself keeps to what the container says."""
    graph = video_reading._graph

    def boasting(stream: Any, *rest: Any) -> Any:
        said = SimpleNamespace(
            width=2 * stream.width,
            height=3 * stream.height,
            format=stream.format,
            time_base=stream.time_base,
        )
        return graph(said, *rest)

    monkeypatch.setattr(video_reading, "_graph", boasting)
    read = frames(made("mp4", tmp_path))
    for frame, drawn in zip(read, walk(), strict=True):
        assert apart(frame.rgb, drawn) < MOST_APART


def test_one_frame_is_a_video(tmp_path: Path) -> None:
    report = clean(video(tmp_path / "a.mp4", [scene(20)]), eyes())
    assert report.target is not None
    assert len(decoded(report.target)) == 1
    assert report.faces == 1


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_video_comes_out_upright(degrees: int, tmp_path: Path) -> None:
    source = video(tmp_path / "a.mp4", setup=lambda stream: stream.set_display_rotation(degrees))
    upright = [np.rot90(pixels, degrees // 90) for pixels in walk()]
    for frame, pixels in zip(frames(source), upright, strict=True):
        assert apart(frame.rgb, pixels) < MOST_APART
    report = clean(source)
    assert report.target is not None
    assert apart(decoded(report.target)[0], upright[0]) < MOST_APART
    with av.open(str(report.target)) as container:
        assert next(container.decode(video=0)).rotation == 0


def test_a_mirrored_video_comes_out_upright(tmp_path: Path) -> None:
    source = video(
        tmp_path / "a.mp4", setup=lambda stream: stream.set_display_rotation(0, hflip=True)
    )
    assert apart(frames(source)[0].rgb, scene(8)[:, ::-1]) < MOST_APART


def camera(path: Path) -> Path:
    """A video as cameras write them: of JPEGs, each with all that a photograph carries."""
    frame = parts.saved(scene(0), "JPEG", exif=parts.exif(orientation=6))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        for index in range(3):
            packet = av.Packet(frame)
            packet.pts = packet.dts = index
            packet.time_base, packet.stream = Fraction(1, 25), stream
            container.mux(packet)
    return path


def test_frames_that_are_jpegs_with_exif_are_read_and_turned_as_it_says(tmp_path: Path) -> None:
    """FFmpeg hangs their EXIF on the frames, which PyAV cannot name."""
    read = frames(camera(tmp_path / "camera.avi"))
    assert len(read) == 3
    assert all(apart(one.rgb, np.rot90(scene(0), -1)) < MOST_APART for one in read)


@pytest.mark.parametrize("name", ["camera.avi", "camera.mov", "camera.mkv"])
def test_what_frames_that_are_jpegs_carry_is_named(name: str, tmp_path: Path) -> None:
    source = camera(tmp_path / name)
    carried = {(entry.what, entry.value) for entry in bare(source).carried}
    assert ("author's name", canary("artist")) in carried
    assert "GPS position" in {what for what, _ in carried}
    assert "GPS position" in clean(source).removed


def test_the_shape_of_pixels_is_kept(tmp_path: Path) -> None:
    def wide(stream: Any) -> None:
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)

    for setup, ratio in (
        (wide, Fraction(4, 3)),
        (lambda stream: (wide(stream), stream.set_display_rotation(90)), Fraction(3, 4)),
    ):
        report = clean(video(tmp_path / "a.mp4", setup=setup))
        assert report.target is not None
        with av.open(str(report.target)) as container:
            assert container.streams.video[0].sample_aspect_ratio == ratio


@pytest.mark.parametrize("matrix", [1, 6])
@pytest.mark.parametrize("color_range", [1, 2])
def test_colours_are_kept_and_declared(matrix: int, color_range: int, tmp_path: Path) -> None:
    drawn = scene(8)
    drawn[:, 120:] = 220, 30, 40
    source = tmp_path / "a.mp4"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("libx264", options={"crf": "4"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, 25)
        context.colorspace, context.color_range = matrix, color_range
        frame = av.VideoFrame.from_ndarray(drawn).reformat(
            format="yuv420p", dst_colorspace=1 if matrix == 1 else 5, dst_color_range=color_range
        )
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert apart(frames(source)[0].rgb[:, 130:], drawn[:, 130:]) < 4
    report = clean(source)
    assert report.target is not None
    with av.open(str(report.target)) as container:
        copy = next(container.decode(video=0))
    assert (copy.colorspace, copy.color_range) == (matrix, color_range)
    assert apart(copy.to_ndarray(format="rgb24")[:, 130:], drawn[:, 130:]) < 5


def test_deep_colours_become_plain_with_a_warning(tmp_path: Path) -> None:
    source = video(tmp_path / "a.mkv", muxer="matroska", codec="ffv1", format="yuv420p10le")
    report = clean(source)
    assert any("8 bits" in warning for warning in report.plan.warnings)
    assert report.target is not None
    assert apart(decoded(report.target)[0], scene(8)) < MOST_APART


@pytest.mark.parametrize("transfer", [16, 18])
def test_high_dynamic_range_becomes_plain_with_a_warning(transfer: int, tmp_path: Path) -> None:
    def deep(stream: Any) -> None:
        context = stream.codec_context
        context.color_trc, context.color_primaries, context.colorspace = transfer, 9, 9

    source = video(
        tmp_path / "a.mkv", muxer="matroska", codec="ffv1", format="yuv420p10le", setup=deep
    )
    report = clean(source)
    assert any("dynamic range" in warning for warning in report.plan.warnings)
    assert report.target is not None
    with av.open(str(report.target)) as container:
        copy = next(container.decode(video=0))
    assert (copy.colorspace, copy.color_trc, copy.color_primaries) == (1, 1, 1)


def test_interlaced_fields_are_joined(tmp_path: Path) -> None:
    source = video(tmp_path / "a.mp4", options={"x264-params": "interlaced=1:tff=1"})
    read = frames(source)
    assert len(read) == FRAMES
    assert any("interlaced" in warning for warning in read[0].warnings)


def test_large_frames_are_shrunk_where_asked(tmp_path: Path) -> None:
    report = clean(made("mp4", tmp_path), settings=Settings(max_side=96))
    assert report.target is not None
    assert decoded(report.target)[0].shape == (64, 96, 3)


# --- sound --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mp4", "webm", "mkv"])
@pytest.mark.parametrize("audio", ["drop", "keep", "mask"])
def test_sound_is_only_there_where_asked_for(name: str, audio: Any, tmp_path: Path) -> None:
    source = made(name, tmp_path, sound=0.8)
    report = clean(source, settings=Settings(audio=audio))
    assert report.target is not None
    copy = probe(report.target)
    length = sound_length(report.target, copy.kind)
    kept = [warning for warning in report.warnings if "sound was kept" in warning]
    assert len(kept) == (audio != "drop")
    assert (pipeline.VOICES in report.removed) == (audio == "drop")
    if audio == "drop":
        assert length is None
    else:
        assert length == pytest.approx(0.8, abs=0.1)


@pytest.mark.parametrize("audio", ["drop", "keep", "mask"])
def test_of_a_silent_video_nothing_is_said_about_sound(audio: Any, tmp_path: Path) -> None:
    report = pipeline.preview(made("mp4", tmp_path), Settings(audio=audio), None)
    assert report.warnings == ()
    assert pipeline.VOICES not in report.removed


def _strange_sound(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"A_AAC", b"A_ZZZ"))


def test_sound_that_nobody_can_read_is_dropped_like_any_other(tmp_path: Path) -> None:
    source = made("mkv", tmp_path, sound=0.5)
    _strange_sound(source)
    report = clean(source)
    assert report.target is not None
    assert pipeline.VOICES in report.removed
    assert sound_length(report.target, "mp4") is None


@pytest.mark.parametrize("audio", ["keep", "mask"])
def test_sound_that_nobody_can_read_cannot_be_kept(audio: Any, tmp_path: Path) -> None:
    source = made("mkv", tmp_path, sound=0.5)
    _strange_sound(source)
    with pytest.raises(UnsupportedError, match="sound") as refusal:
        clean(source, settings=Settings(audio=audio))
    assert "--audio drop" in refusal.value.remedy
    assert not any((tmp_path / "out").iterdir())


def _loudest(path: Path) -> float:
    """The strongest frequency in the middle of the sound."""
    with av.open(str(path)) as container:
        parts = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    wave = np.concatenate(parts)[12000:28384]
    return float(np.abs(np.fft.rfft(wave * np.hanning(len(wave)))).argmax() * 48000 / len(wave))


def test_a_masked_voice_has_another_pitch(tmp_path: Path) -> None:
    source = made("mp4", tmp_path, sound=1.0)
    kept, masked = (
        clean(source, settings=Settings(audio=audio)).target for audio in ("keep", "mask")
    )
    assert kept is not None
    assert masked is not None
    # Both were written to the same place, so that only the second is left.
    assert _loudest(source) == pytest.approx(440, abs=6)
    assert 440 * 0.7 < _loudest(masked) < 440 * 0.88


# --- what is refused ----------------------------------------------------------------------------


def _sound_only(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.rate, frame.pts = 48000, 0
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _without_moov(path: Path) -> None:
    data = video(path).read_bytes()
    path.write_bytes(data.replace(b"moov", b"zzzz"))


def _unknown_codec(path: Path) -> None:
    data = video(path).read_bytes()
    path.write_bytes(data.replace(b"avc1", b"zzz1").replace(b"avcC", b"zzzC"))


def _broken_half_way(path: Path) -> None:
    data = bytearray(video(path, walk(60), options={"g": "10"}).read_bytes())
    at = data.index(b"mdat")
    middle = (at + len(data)) // 2 if data.index(b"moov") < at else (at + data.index(b"moov")) // 2
    data[middle : middle + 400] = bytes(400)
    path.write_bytes(bytes(data))


def _transparent(path: Path) -> None:
    video(path, muxer="matroska", codec="ffv1", format="yuva420p")


def _growing(path: Path) -> None:
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("mjpeg")
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        stream.codec_context.time_base = Fraction(1, 25)
        other = av.CodecContext.create("mjpeg", "w")
        other.width, other.height, other.pix_fmt = 64, 64, "yuvj420p"
        other.time_base = Fraction(1, 25)
        for index, context in enumerate([stream, other]):
            size = (HEIGHT, WIDTH) if index == 0 else (64, 64)
            frame = av.VideoFrame.from_ndarray(np.full((*size, 3), 90, np.uint8))
            frame = frame.reformat(format="yuvj420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            for packet in context.encode(frame):
                packet.stream = stream
                container.mux(packet)


BROKEN: dict[str, tuple[Callable[[Path], object], type[ScrubError], str]] = {
    "sound only": (_sound_only, UnsupportedError, "no video"),
    "no index": (_without_moov, DamagedError, "damaged or cut short"),
    "unknown codec": (_unknown_codec, UnsupportedError, "cannot be read here"),
    "broken half-way": (_broken_half_way, DamagedError, "damaged or cut short"),
    "transparent": (_transparent, UnsupportedError, "transparent"),
    "another size half-way": (_growing, UnsupportedError, "size"),
    "empty": (Path.touch, DamagedError, "empty"),
    "text": (lambda path: path.write_text("no film"), UnsupportedError, "not a"),
    "header only": (
        lambda path: path.write_bytes(b"\0\0\0\x18ftypisom\0\0\2\0isommp41"),
        DamagedError,
        "damaged or cut short",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_cleaned_whole_is_refused(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make, kind, problem = BROKEN[name]
    source = tmp_path / "clip.mp4"
    make(source)
    with pytest.raises(kind, match=problem) as refused:
        clean(source, eyes())
    assert refused.value.path == source
    assert refused.value.remedy
    assert list((tmp_path / "out").iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_a_name_is_never_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = video(tmp_path / "a.mp4").rename(tmp_path / "concat:a.mp4|b.mp4")
    assert len(frames(Path(source.name))) == FRAMES


# --- other streams ------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
@pytest.mark.parametrize("name", ["mp4", "webm"])
def test_a_full_disk_is_the_disk_s_fault(name: str, tmp_path: Path) -> None:
    clip = probe(made(name, tmp_path))
    with pytest.raises(StorageError, match=r"cannot be written to \(No space left on device\)"):
        FORMATS[clip.written].rewrite(clip, Path("/dev/full"), lambda frame: frame)


def test_other_streams_are_named_and_dropped(tmp_path: Path) -> None:
    source = tmp_path / "a.mkv"
    with av.open(str(source), "w", format="matroska") as container:
        stream = container.add_stream("mjpeg")
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        second = container.add_stream("mjpeg")
        second.width, second.height, second.pix_fmt = 64, 64, "yuvj420p"
        second.codec_context.time_base = Fraction(1, 1000)
        container.add_attachment("note.txt", "text/plain", canary("attachment").encode())
        for one, pixels in ((stream, scene(8)), (second, scene(8)[:64, :64])):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels))
            frame = frame.reformat(format="yuvj420p")
            frame.pts, frame.time_base = 0, Fraction(1, 1000)
            container.mux(one.encode(frame))
    assert canaries(source.read_bytes())
    report = clean(source)
    assert report.target is not None
    assert not canaries(report.target.read_bytes())
    assert {"second video", "attached file"} <= set(report.removed)
    with av.open(str(report.target)) as container:
        assert [stream.type for stream in container.streams] == ["video"]


# --- examination --------------------------------------------------------------------------------


def forged(source: Path, forge: Callable[[Iterator[Frame]], Iterable[Frame]]) -> tuple[Media, Path]:
    """The video and a copy of it whose frames went through a lying part."""
    media = probe(source)
    target = source.with_name("forged.mp4")

    class Lying:
        kind = media.kind
        path = media.path

    from scrub.formats import video_reading, video_writing

    picture, _ = video_reading.first_picture(media.path, media.kind, None)
    honest = video_reading.decoded(media.path, media.kind, None)
    video_writing.write(media, target, picture, forge(honest))
    return media, target


def _later(shown: Iterator[Frame]) -> Iterator[Frame]:
    for frame in shown:
        yield replace(frame, time=frame.time * 1.5)


def _painted(shown: Iterator[Frame]) -> Iterator[Frame]:
    for frame in shown:
        rgb = frame.rgb.copy()
        if frame.index == 7:
            rgb[60:] = 255 - rgb[60:]
        yield replace(frame, rgb=rgb)


FORGERIES: dict[str, tuple[Callable[[Iterator[Frame]], Iterable[Frame]], str]] = {
    "a frame less": (lambda shown: list(shown)[:-1], "fewer frames"),
    "a frame more": (
        lambda shown: (lambda all: [*all, replace(all[-1], time=480.0)])(list(shown)),
        "more frames",
    ),
    "other times": (_later, "out of step"),
    "one other picture": (_painted, "differs from the original"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_copy_that_lies_is_found_out(name: str, tmp_path: Path) -> None:
    forge, problem = FORGERIES[name]
    media, target = forged(made("mp4", tmp_path), forge)
    with pytest.raises(VerificationError, match=problem):
        verify.examine(media, pipeline.plan(media, Settings(), None), target, None)


def test_a_face_that_was_not_covered_is_found_out(tmp_path: Path) -> None:
    media, target = forged(made("mp4", tmp_path), lambda shown: shown)
    plan = pipeline.plan(media, Settings(), eyes())
    assert plan.regions
    seen = verify.examine(media, plan, target, None)
    assert seen.showing
    assert not seen.clean


class Late:
    """Sees the face of the first frames where it is not covered, from a certain look on."""

    def __init__(self, since: int = 0) -> None:
        self.looks = 0
        self._since = since

    def detect(self, rgb: Pixels) -> list[Detection]:
        self.looks += 1
        left, top, right, bottom = place(0)
        part = slice(top, bottom), slice(left, right)
        bare = apart(rgb[part], scene(8)[part]) < MOST_APART
        awake = self.looks > self._since
        return [Detection(Box(*place(0)), 0.9, "late")] if bare and awake else []

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("since", "rounds"), [(0, 1), (1, 2)])
def test_a_face_found_late_is_covered_before_the_file_is_written_or_in_another_round(
    since: int, rounds: int, tmp_path: Path
) -> None:
    """Of this short clip one frame is looked at, first before it is written and then after."""
    source = made("mp4", tmp_path)
    report = clean(source, Eyes(Blind(), Late(since)))
    assert report.evidence is not None
    assert report.evidence.rounds == rounds
    assert {region.why for region in report.plan.regions} == {pipeline.LATE}
    assert report.target is not None
    assert not shows(decoded(source)[0], decoded(report.target)[0], place(0))


@pytest.mark.parametrize(("score", "covered"), [(0.25, True), (0.15, False)])
def test_before_a_video_is_written_less_evidence_is_enough(
    score: float, covered: bool, tmp_path: Path
) -> None:
    """A find of 0.25 does not stop a written file, but the encoder might make more of it."""

    class Unsure(Late):
        def detect(self, rgb: Pixels) -> list[Detection]:
            return [replace(one, score=score) for one in super().detect(rgb)]

    report = clean(made("mp4", tmp_path), Eyes(Blind(), Unsure()))
    assert report.evidence is not None
    assert report.evidence.rounds == 1
    assert bool(report.plan.regions) == covered
    assert all(region.doubtful for region in report.plan.regions)


def test_a_frame_in_which_a_track_ends_is_looked_at_before_the_video_is_written_and_not_after(
    tmp_path: Path,
) -> None:
    looking = Late(since=1000)
    source = video(tmp_path / "a.mp4", [scene(8)] * 70)
    report = clean(source, Eyes(Walker(range(3)), looking))
    assert report.evidence is not None
    assert report.evidence.rounds == 1
    [end] = lookout.ends(report.plan.regions)
    assert end < 70
    # Both before and after: what is looked at in every video.
    assert looking.looks == 2 * len(range(0, 70, lookout.LOOKED)) + 1


def test_a_cover_that_looks_like_a_face_is_painted_anew_before_it_is_written(
    tmp_path: Path,
) -> None:
    class Suspicious:
        """Takes the first cover that it sees for a face, and no other."""

        first: Pixels | None = None

        def detect(self, rgb: Pixels) -> list[Detection]:
            left, top, right, bottom = place(0)
            seen = rgb[top:bottom, left:right]
            self.first = seen if self.first is None else self.first
            alike = apart(seen, self.first) < 2
            return [Detection(Box(*place(0)), 0.9, "suspicious")] if alike else []

        def close(self) -> None:
            pass

    source = made("mp4", tmp_path)
    report = clean(source, Eyes(Walker(), Suspicious()), Settings(style="pixelate"))
    assert report.evidence is not None
    assert report.evidence.rounds == 1
    known = pipeline.plan(probe(source), Settings(), eyes()).regions
    assert min(one.track for one in report.plan.regions) > max(one.track for one in known)


# --- the gate -----------------------------------------------------------------------------------


@every_container
def test_what_was_cleaned_passes_the_gate(name: str, tmp_path: Path) -> None:
    source = made(name, tmp_path, tags={"title": canary("title")})
    report = clean(source, eyes())
    assert report.target is not None
    found = bare(report.target)
    assert found.carried == ()
    seen = looked_at(found, partial(lookout.faces, detector=Blind()))
    assert seen.sightings == ()
    assert bare(source).carried


def test_the_gate_looks_as_the_examination_did(tmp_path: Path) -> None:
    """A picture and a frame may have other second looks, and both doors the same one."""

    class Seer:
        def __init__(self) -> None:
            self.looked = 0

        def detect(self, rgb: Pixels) -> list[Detection]:
            self.looked += 1
            return []

        def close(self) -> None:
            pass

    source = made("mp4", tmp_path)
    still, moving = Seer(), Seer()
    looking = replace(eyes(), second=still, again=moving)
    report = clean(source, looking)
    assert report.target is not None
    examined = moving.looked
    Check(report.target, report.target).do(Settings(), looking, False)
    assert (still.looked, examined > 0, moving.looked > examined) == (0, True, True)


# --- many frames tell no more than one ------------------------------------------------------------


def test_three_hundred_frames_of_a_face_carry_no_more_than_the_first() -> None:
    from scrub.redaction import STYLES, Painter

    region = Region(Box(20, 10, 80, 90), 0, 299, "face", 0)
    rng = np.random.default_rng(5)
    for style in STYLES:
        painters = [Painter([region], style, b"s" * 32) for _ in range(2)]
        for index in range(300):
            frame = np.full((100, 100, 3), 102, np.uint8)
            clips = []
            for painter in painters:
                pixels = frame.copy()
                # The same mean in the first frame, anything at all in the others.
                inside = pixels[20:80, 30:70]
                if index == 0:
                    spread = rng.integers(-40, 41, (30, 40, 3))
                    inside[:30] = 102 + spread
                    inside[30:] = 102 - spread
                else:
                    inside[:] = rng.integers(0, 256, inside.shape)
                clips.append(painter.paint(pixels, index).pixels)
            assert np.array_equal(*clips)
