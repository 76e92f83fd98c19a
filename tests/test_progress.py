"""How far a file is: told now and then, heard wherever somebody waits, and never in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from scrub import exposure, jobs, pipeline, progress
from scrub.detectors.presets import Eyes
from scrub.jobs import Done, Job, Order
from scrub.progress import PASSES, Step, heard, pass_on, tell
from scrub.settings import Settings
from scrub.workers import Bounds, Workers
from tests.clips import FRAMES, video
from tests.conftest import Blind

CLIP = Path("clip.mp4")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)


def attend_at_once(job: Job, order: Order) -> Done:
    """What a worker does, telling of every frame; its process was started for the test."""
    progress.EVERY = 0.0
    return jobs.attend(job, order)


def test_steps_are_heard_while_somebody_listens() -> None:
    steps: list[Step] = []
    tell(CLIP, "looking", 1, 4)
    with heard(steps.append):
        tell(CLIP, "looking", 1, 4)
        tell(CLIP, "writing", 9, 4)
    tell(CLIP, "looking", 3, 4)
    assert steps == [Step(CLIP, "looking", 0.25), Step(CLIP, "writing", 1.0)]


def test_nothing_is_told_of_what_has_no_known_length() -> None:
    steps: list[Step] = []
    with heard(steps.append):
        tell(CLIP, "looking", 1, 0)
    assert steps == []


def test_no_more_is_told_than_somebody_can_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 3600.0)
    monkeypatch.setattr(progress, "_audience", progress._Audience(told=-1e9))
    steps: list[Step] = []
    with heard(steps.append):
        for done in range(100):
            tell(CLIP, "looking", done, 100)
    assert steps == [Step(CLIP, "looking", 0.0)]


def test_a_listener_that_fails_disturbs_nobody() -> None:
    def fail(step: Step) -> None:
        raise BrokenPipeError

    steps: list[Step] = []
    with heard(fail), heard(steps.append):
        pass_on(Step(CLIP, "writing", 0.5))
    assert len(steps) == 1


def test_the_passes_follow_each_other_and_come_to_the_whole() -> None:
    ends = [Step(CLIP, doing, share).whole for doing in PASSES for share in (0.0, 1.0)]
    assert ends == sorted(ends)
    assert (ends[0], ends[-1]) == (0.0, pytest.approx(1.0))


def test_a_video_that_is_only_looked_at_has_one_pass(tmp_path: Path) -> None:
    source = video(tmp_path / "clip.mp4")
    steps: list[Step] = []
    with heard(steps.append):
        exposure.looked_at(exposure.bare(source), None)
    assert {(step.path, step.doing) for step in steps} == {(source, "reading")}
    assert len(steps) == FRAMES
    assert [step.whole for step in steps] == sorted(step.share for step in steps)
    assert steps[-1].whole > 0.8


def test_a_worker_tells_of_each_pass_over_a_video(tmp_path: Path) -> None:
    source = video(tmp_path / "clip.mp4")
    steps: list[Step] = []
    with heard(steps.append), Workers(1, Bounds(jobs.patience)) as workers:
        job = Job(source, tmp_path / "copy.mp4")
        done = workers.submit(attend_at_once, job, Order(Settings(metadata_only=True))).result()
    assert done.report.status == "cleaned"
    passes = list(dict.fromkeys(step.doing for step in steps))
    assert passes == [doing for doing in PASSES if doing != "trying"]  # Nobody looks for faces.
    assert {step.path for step in steps} == {source}
    for doing in passes:
        shares = [step.share for step in steps if step.doing == doing]
        assert shares == sorted(shares)
        assert len(shares) == FRAMES
        assert shares[-1] > 0.8


def test_covers_are_tried_before_a_video_is_written(tmp_path: Path) -> None:
    source = video(tmp_path / "clip.mp4")
    steps: list[Step] = []
    with heard(steps.append):
        pipeline.clean(source, tmp_path / "copy.mp4", Settings(), Eyes(Blind(), Blind()))
    assert list(dict.fromkeys(step.doing for step in steps)) == list(PASSES)
