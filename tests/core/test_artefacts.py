"""Stages of a workdir: whole or not there, found again by what they depend on."""

import json
import os
import types

import pytest

from tfgan_aug.core import artefacts


def test_digest():
    first = artefacts.digest({"a": 1, "b": {"c": [1, 2], "d": None}})
    assert first == artefacts.digest({"b": {"d": None, "c": [1, 2]}, "a": 1})
    assert len(first) == artefacts.DIGEST_LENGTH and set(first) <= set("0123456789abcdef")
    others = [{"a": 2, "b": {"c": [1, 2], "d": None}}, {"a": 1, "b": {"c": [2, 1], "d": None}}, {"a": 1}, {}]
    assert len({first, *map(artefacts.digest, others)}) == 5


def test_stages_of_other_names_or_dependencies_lie_elsewhere(tmp_path):
    paths = {
        artefacts.Stage(tmp_path, name, dependencies).path
        for name in ("judge", "dcgan")
        for dependencies in ({"seed": 0}, {"seed": 1})
    }
    assert len(paths) == 4
    assert all(path.parent == tmp_path for path in paths)


def test_json_is_whole_or_not_there(tmp_path):
    path = tmp_path / "facts.json"
    artefacts.write_json(path, {"b": [1, 2], "a": "é"})
    assert artefacts.read_json(path) == {"b": [1, 2], "a": "é"}
    with pytest.raises(TypeError):
        artefacts.write_json(path, {"a": object()})
    assert artefacts.read_json(path) == {"b": [1, 2], "a": "é"}


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves, so that no slow machine changes what is counted."""
    clock = types.SimpleNamespace(now=1000.0)
    monkeypatch.setattr(artefacts, "time", types.SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def test_a_stage_is_done_when_its_block_ends_well(tmp_path, clock):
    stage = artefacts.Stage(tmp_path, "judge", {"seed": 3})
    with stage.making() as folder:
        assert folder == stage.partial and folder.is_dir() and not stage.done
        (folder / "weights").write_text("all")
        clock.now += 90
    assert stage.done and not stage.partial.exists()
    assert (stage.path / "weights").read_text() == "all"
    assert json.loads((stage.path / "stage.json").read_text()) == {"stage": "judge", "seed": 3}
    assert stage.minutes == 1.5
    assert artefacts.Stage(tmp_path, "judge", {"seed": 3}).done
    assert not artefacts.Stage(tmp_path, "judge", {"seed": 4}).done


def test_a_stage_that_fails_is_continued(tmp_path, clock):
    stage = artefacts.Stage(tmp_path, "judge", {"seed": 3})
    with pytest.raises(KeyboardInterrupt), stage.making() as folder:
        (folder / "first").write_text("1")
        clock.now += 30
        raise KeyboardInterrupt
    assert not stage.done and not stage.path.exists()
    assert (stage.partial / "first").read_text() == "1"
    assert artefacts.read_json(stage.partial / "seconds.json") == 30
    clock.now += 3600
    with stage.making() as folder:
        assert (folder / "first").read_text() == "1"
        (folder / "second").write_text("2")
        clock.now += 90
    assert stage.done and stage.minutes == 2
    assert {path.name for path in stage.path.iterdir()} == {"first", "second", "stage.json", "seconds.json"}


def test_a_growing_stage_keeps_its_place(tmp_path, clock):
    stage = artefacts.Stage(tmp_path, "pool", {"seed": 3})
    assert stage.minutes == 0
    with stage.growing() as folder, stage.working():
        assert folder == stage.path
        (folder / "draws").write_text("1")
        clock.now += 60
    assert stage.minutes == 1
    with pytest.raises(ZeroDivisionError), stage.growing() as folder, stage.working():
        assert (folder / "draws").read_text() == "1"
        clock.now += 30
        _ = 1 / 0
    assert stage.minutes == 1.5
    # Reading what is there is no work.
    with stage.growing():
        clock.now += 600
    assert stage.minutes == 1.5
    assert artefacts.read_json(stage.path / "stage.json")["stage"] == "pool"


def test_what_a_killed_run_did_counts(tmp_path, clock):
    """As if by SIGKILL: nothing is written at the end, and the clock of the files says how long the work went on."""
    stage = artefacts.Stage(tmp_path, "dcgan", {"seed": 3})
    stage.partial.mkdir(parents=True)
    for name, moment in (("started", 1000), ("checkpoint", 1090), ("seconds.json", 950)):
        (stage.partial / name).write_text("30.0")
        os.utime(stage.partial / name, (moment, moment))
    with stage.making():
        clock.now += 60
    assert stage.minutes == (30 + 90 + 60) / 60
    assert not (stage.path / "started").exists()


def test_minutes_count_the_parts(tmp_path):
    """Parts of parts too, what is not made yet as nothing; a stage's digest is that of its own dependencies."""

    def stage(name, seconds, parts=()):
        made = artefacts.Stage(tmp_path, name, {"seed": 3}, parts)
        if seconds:
            with made.making():
                pass
            artefacts.write_json(made.path / "seconds.json", seconds)
        return made

    inner = stage("inner", 60)
    encoder, level, missing = stage("encoder", 30, [inner]), stage("level", 120), stage("other", 0)
    stack = stage("stack", 6, (encoder, level, missing))
    assert stack.parts == (encoder, level, missing)
    assert (inner.minutes, encoder.minutes, missing.minutes) == (1, 1.5, 0)
    assert stack.minutes == pytest.approx(0.1 + 1.5 + 2)
    assert stack.digest == artefacts.Stage(tmp_path, "stack", {"seed": 3}).digest
