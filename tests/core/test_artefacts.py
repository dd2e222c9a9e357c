"""The workdir: whole or not there, one run at a time, nothing left after a mistake."""

import json
import os
import subprocess
import sys

import pytest

from tfgan_aug.core import artefacts, workdirs
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


def test_a_stage_is_done_when_its_block_ends_well(tmp_path):
    stage = artefacts.Stage(tmp_path, "judge", {"seed": 3})
    with stage.making() as folder:
        assert folder == stage.partial and folder.is_dir() and not stage.done
        (folder / "weights").write_text("all")
    assert stage.done and not stage.partial.exists()
    assert (stage.path / "weights").read_text() == "all"
    assert json.loads((stage.path / "stage.json").read_text()) == {"stage": "judge", "seed": 3}
    assert 0 < stage.minutes < 1
    assert artefacts.Stage(tmp_path, "judge", {"seed": 3}).done
    assert not artefacts.Stage(tmp_path, "judge", {"seed": 4}).done


def test_a_stage_that_fails_is_continued(tmp_path):
    stage = artefacts.Stage(tmp_path, "judge", {"seed": 3})
    with pytest.raises(KeyboardInterrupt), stage.making() as folder:
        (folder / "first").write_text("1")
        raise KeyboardInterrupt
    assert not stage.done and not stage.path.exists()
    assert (stage.partial / "first").read_text() == "1"
    spent = artefacts.read_json(stage.partial / "seconds.json")
    assert spent > 0
    with stage.making() as folder:
        assert (folder / "first").read_text() == "1"
        (folder / "second").write_text("2")
    assert stage.done and stage.minutes * 60 > spent
    assert {path.name for path in stage.path.iterdir()} == {"first", "second", "stage.json", "seconds.json"}


def test_a_growing_stage_keeps_its_place(tmp_path):
    stage = artefacts.Stage(tmp_path, "pool", {"seed": 3})
    assert stage.minutes == 0
    with stage.growing() as folder:
        assert folder == stage.path
        (folder / "draws").write_text("1")
    once = stage.minutes
    with pytest.raises(ZeroDivisionError), stage.growing() as folder:
        assert (folder / "draws").read_text() == "1"
        _ = 1 / 0
    assert stage.minutes > once > 0
    assert artefacts.read_json(stage.path / "stage.json")["stage"] == "pool"


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


# Folders that a user names


def test_writable_creates_the_folder(tmp_path):
    with workdirs.writable("--workdir", str(tmp_path / "a" / "b")) as folder:
        assert folder == tmp_path / "a" / "b"
        assert list(folder.iterdir()) == []
    assert folder.is_dir()


def test_writable_expands_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with workdirs.writable("--workdir", "~/runs") as folder:
        assert folder == tmp_path / "runs"


def test_a_mistake_leaves_nothing_behind(tmp_path):
    with pytest.raises(UserError, match="^wrong$"), workdirs.writable("--workdir", tmp_path / "a" / "b"):
        raise UserError("wrong")
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_leaves_what_was_there_and_what_was_written(tmp_path):
    (tmp_path / "old").mkdir()
    with pytest.raises(UserError), workdirs.writable("--workdir", tmp_path / "old"):
        raise UserError("wrong")
    with pytest.raises(UserError), workdirs.writable("--workdir", tmp_path / "new" / "deep") as folder:
        (folder / "work").write_text("hours")
        raise UserError("wrong")
    assert (tmp_path / "old").is_dir() and (tmp_path / "new" / "deep" / "work").exists()


def test_other_exceptions_leave_the_folder(tmp_path):
    with pytest.raises(KeyError), workdirs.writable("--workdir", tmp_path / "a"):
        raise KeyError
    assert (tmp_path / "a").is_dir()


@pytest.mark.parametrize("below", ["", "sub", "sub/deeper"])
@pytest.mark.parametrize("opener", [workdirs.writable, workdirs.open_workdir])
def test_a_file_is_no_folder(tmp_path, below, opener):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(UserError) as caught, opener("--data_dir", tmp_path / "file" / below):
        raise AssertionError("reached")
    message = str(caught.value)
    assert message.startswith(f"--data_dir: cannot write to {tmp_path / 'file' / below}: ")
    assert message.endswith("; expected a writable folder") and "\n" not in message
    assert (tmp_path / "file").read_text() == "kept" and len(list(tmp_path.iterdir())) == 1


def test_a_second_opening_of_the_workdir_fails(tmp_path):
    with workdirs.open_workdir("--workdir", tmp_path / "w") as folder:
        with (
            pytest.raises(
                UserError, match=f"^--workdir: another run is at work in {folder}; wait for it or name another$"
            ),
            workdirs.open_workdir("--workdir", folder),
        ):
            raise AssertionError("reached")
        assert folder.is_dir()
    with workdirs.open_workdir("--workdir", folder) as again:
        assert again == folder


def test_another_process_finds_the_workdir_locked(tmp_path):
    code = (
        "import sys\nfrom tfgan_aug.core import workdirs\nfrom tfgan_aug.core.errors import UserError\n"
        "try:\n    with workdirs.open_workdir('--workdir', sys.argv[1]): print('opened')\n"
        "except UserError as error: print(error)"
    )

    def open_elsewhere():
        command = [sys.executable, "-c", code, str(tmp_path)]
        return subprocess.run(command, env=os.environ, capture_output=True, text=True, check=True).stdout.strip()

    with workdirs.open_workdir("--workdir", tmp_path):
        assert open_elsewhere().startswith(f"--workdir: another run is at work in {tmp_path}")
    assert open_elsewhere() == "opened"


def test_a_mistake_in_an_opened_workdir_leaves_nothing_behind(tmp_path):
    with pytest.raises(UserError), workdirs.open_workdir("--workdir", tmp_path / "a" / "b"):
        raise UserError("wrong")
    assert list(tmp_path.iterdir()) == []
