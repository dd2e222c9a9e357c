"""Folders that a user names: created, refused, locked against other runs."""

import errno
import subprocess
import sys

import filelock
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
def test_a_file_is_no_folder(tmp_path, below):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(UserError) as caught, workdirs.writable("--data_dir", tmp_path / "file" / below):
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


def test_who_waits_for_a_lock_is_told_once_why(tmp_path):
    other = held_elsewhere(tmp_path, "workdirs.lock(folder, 'a', wait=True)")
    said = []

    def waiting():
        said.append("waits")
        kill(other)

    with workdirs.lock(tmp_path, "a", wait=True, waiting=waiting) as mine:
        assert mine
    with workdirs.lock(tmp_path, "b", wait=True, waiting=waiting):
        pass
    assert said == ["waits"]


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOLCK, "No locks available"), NotImplementedError("no flock here"), PermissionError(13, "No")],
)
def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch, error):
    """Not taken for another run that is at work."""

    def acquire(self, **options):
        raise error

    monkeypatch.setattr(filelock.BaseFileLock, "acquire", acquire)
    reason = getattr(error, "strerror", None) or error
    with (
        pytest.raises(
            UserError, match=f"^cannot lock .*/a: {reason}; expected a folder in a file system that has locks"
        ),
        workdirs.lock(tmp_path, "a", wait=True),
    ):
        raise AssertionError("reached")
