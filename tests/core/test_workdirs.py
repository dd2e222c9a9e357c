"""Folders that a user names: created, refused, locked against other runs."""

import os
import subprocess
import sys

import pytest

from tfgan_aug.core import workdirs
from tfgan_aug.core.errors import UserError


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


@pytest.mark.parametrize("name", ["", "a\0b", "~no-such-user/work", "x" * 300])
def test_names_that_no_folder_can_have(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    refusal = pytest.raises(UserError, match="^--workdir: .*; expected a writable folder$|found no name")
    with refusal, workdirs.writable("--workdir", name):
        raise AssertionError("reached")
    assert list(tmp_path.iterdir()) == []


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


def test_shared_runs_hold_a_workdir_together(tmp_path):
    refusal = pytest.raises(UserError, match="^--workdir: another run is at work in ")
    with workdirs.open_workdir("--workdir", tmp_path, shared=True):
        with workdirs.open_workdir("--workdir", tmp_path, shared=True):
            pass
        with refusal, workdirs.open_workdir("--workdir", tmp_path):
            raise AssertionError("reached")
    with (
        workdirs.open_workdir("--workdir", tmp_path),
        refusal,
        workdirs.open_workdir("--workdir", tmp_path, shared=True),
    ):
        raise AssertionError("reached")


HOLD = """
import sys, time
from tfgan_aug.core import workdirs
with {held}:
    print("held", flush=True)
    time.sleep(600)
"""


def held_elsewhere(folder, held):
    """A process that holds `held`, an expression of `folder`, until it is killed."""
    code = HOLD.format(held=held.replace("folder", "sys.argv[1]"))
    process = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    return process


def kill(process):
    process.kill()
    process.communicate()


@pytest.mark.parametrize("shared", [False, True])
def test_a_run_that_dies_lets_the_workdir_go(tmp_path, shared):
    other = held_elsewhere(tmp_path, f"workdirs.open_workdir('--workdir', folder, shared={shared})")
    with pytest.raises(UserError), workdirs.open_workdir("--workdir", tmp_path):
        raise AssertionError("reached")
    kill(other)
    with workdirs.open_workdir("--workdir", tmp_path):
        pass


def test_a_mistake_leaves_the_lock_of_other_shared_runs(tmp_path):
    other = held_elsewhere(tmp_path, "workdirs.open_workdir('--workdir', folder, shared=True)")
    with pytest.raises(UserError, match="^wrong$"), workdirs.open_workdir("--workdir", tmp_path, shared=True):
        raise UserError("wrong")
    with pytest.raises(UserError, match="another run"), workdirs.open_workdir("--workdir", tmp_path):
        raise AssertionError("reached")
    kill(other)


def test_one_worker_at_a_time_holds_a_lock(tmp_path):
    with workdirs.lock(tmp_path, "a") as first, workdirs.lock(tmp_path, "a") as second:
        assert first and not second
        with workdirs.lock(tmp_path, "b") as other:
            assert other
    with workdirs.lock(tmp_path, "a") as again:
        assert again


def test_a_worker_that_dies_lets_go(tmp_path):
    other = held_elsewhere(tmp_path, "workdirs.lock(folder, 'a', wait=True)")
    with workdirs.lock(tmp_path, "a") as mine:
        assert not mine
    kill(other)
    with workdirs.lock(tmp_path, "a", wait=True) as mine:
        assert mine


def test_a_mistake_in_an_opened_workdir_leaves_nothing_behind(tmp_path):
    with pytest.raises(UserError), workdirs.open_workdir("--workdir", tmp_path / "a" / "b"):
        raise UserError("wrong")
    assert list(tmp_path.iterdir()) == []
