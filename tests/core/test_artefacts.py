"""Stages of a workdir: whole or not there, found again by what they depend on."""

import json
import os
import subprocess
import sys
import types

import pytest

from tfgan_aug.core import artefacts, manifests
from tfgan_aug.core.errors import UserError


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
    assert {path.name for path in stage.path.iterdir()} == {
        "first",
        "second",
        "stage.json",
        "seconds.json",
        "files.json",
    }


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


def filled(tmp_path):
    """A finished stage of two files."""
    stage = artefacts.Stage(tmp_path, "judge", {"seed": 3})
    with stage.making() as folder:
        (folder / "sub").mkdir()
        for name, text in {"weights": "123", "sub/more": "4567"}.items():
            (folder / name).write_text(text)
    return stage


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "weights").unlink(), "weights is missing"),
        (lambda folder: (folder / "sub" / "more").write_text("45"), "sub/more has 2 bytes, expected 4"),
        (lambda folder: (folder / "sub" / "other").write_text("x"), "sub/other was added"),
        (lambda folder: (folder / "stage.json").unlink(), "stage.json is missing"),
        (lambda folder: (folder / "files.json").write_text("{"), "files.json cannot be read"),
        (lambda folder: (folder / "files.json").write_text('["a"]'), "files.json cannot be read"),
    ],
)
def test_a_damaged_stage_is_never_taken_for_done(tmp_path, damage, words):
    stage = filled(tmp_path)
    assert stage.done and manifests.differences(stage.path, whole=True) == []
    damage(stage.path)
    with pytest.raises(UserError, match=rf"^{stage.path}: {words}; remove the folder to have it made again$"):
        _ = stage.done
    with pytest.raises(UserError), stage.lock():
        stage.ensure(lambda: None)


def test_a_change_of_the_same_size_is_found_by_checksums(tmp_path):
    stage = filled(tmp_path)
    (stage.path / "weights").write_text("124")
    assert stage.done
    assert manifests.differences(stage.path, whole=True) == ["weights was changed"]


def test_files_that_may_change_later_do(tmp_path):
    stage = filled(tmp_path)
    for name in ("checked.json", "seconds.json"):
        (stage.path / name).write_text("0")
    assert stage.done and not manifests.differences(stage.path, whole=True)


def test_a_stage_of_an_earlier_version_has_no_list(tmp_path):
    stage = filled(tmp_path)
    (stage.path / "files.json").unlink()
    (stage.path / "weights").unlink()
    assert stage.done


def test_what_a_killed_process_was_writing_goes(tmp_path):
    """From a stage that is made again, and from one that grows."""
    stage, pool = artefacts.Stage(tmp_path, "judge", {}), artefacts.Stage(tmp_path, "pool", {})
    for folder in (stage.partial, pool.path / "class-0000"):
        folder.mkdir(parents=True)
        (folder / "partial-block.npz").write_text("half")
        (folder / "kept.npz").write_text("whole")
    with stage.making() as folder, pool.growing() as grown:
        assert sorted(path.name for path in folder.iterdir()) == ["kept.npz", "started"]
        assert [path.name for path in (grown / "class-0000").iterdir()] == ["kept.npz"]


def test_one_process_makes_a_stage_and_the_others_find_it(tmp_path):
    """Four at once: one makes it, three wait and say why."""
    code = (
        "import sys, time\nfrom tfgan_aug.core import artefacts\nstage = artefacts.Stage(sys.argv[1], 'judge', {})\n"
        "def make():\n    with stage.making() as folder:\n        time.sleep(0.5)\n"
        "        (folder / 'made').write_text('x')\n        print('made', flush=True)\n"
        "stage.ensure(make, print)\nassert stage.done"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    lines = "".join(process.communicate()[0] for process in processes).splitlines()
    assert [process.returncode for process in processes] == [0] * 4
    assert lines.count("made") == 1
    assert set(lines) <= {
        "made",
        f"waiting for another run, which is at work on {artefacts.Stage('', 'judge', {}).path}",
    }


def test_what_fails_to_load_says_what_to_remove(tmp_path):
    stage = filled(tmp_path)
    (stage.path / "sub" / "facts.json").write_text("{")
    with pytest.raises(UserError, match=rf"facts.json cannot be read: .*; remove {stage.path} to have it made again$"):
        artefacts.read_json(stage.path / "sub" / "facts.json")
    (tmp_path / "table.json").write_text("{")
    with pytest.raises(UserError, match=rf"; remove {tmp_path / 'table.json'} to have it made again$"):
        artefacts.read_json(tmp_path / "table.json")
    with pytest.raises(UserError, match="^a mistake$"), artefacts.loading(stage.path):
        raise UserError("a mistake")


def test_files_are_on_disk_before_they_are_renamed(tmp_path, monkeypatch):
    """Else a crash of the machine may leave names without content."""
    calls, sync, replace = [], os.fsync, os.replace
    monkeypatch.setattr(
        os, "fsync", lambda handle: (calls.append(os.readlink(f"/proc/self/fd/{handle}")), sync(handle))
    )
    monkeypatch.setattr(os, "replace", lambda old, new: (calls.append(f"-> {new}"), replace(old, new)))
    artefacts.write_text(tmp_path / "a", "text")
    assert calls == [str(tmp_path / "partial-a"), f"-> {tmp_path / 'a'}"]
    calls.clear()
    stage = filled(tmp_path)
    renamed = calls.index(f"-> {stage.path}")
    written = {str(stage.partial / name) for name in ("weights", "sub", "sub/more", "stage.json", "files.json", "")}
    assert {path.rstrip("/") for path in written} <= set(calls[:renamed])
    assert calls[renamed + 1 :] == [str(tmp_path)]
