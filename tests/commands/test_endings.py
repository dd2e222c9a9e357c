"""Commands that cannot finish: stopped from outside, or on a full disk. One line each, and the rerun goes on."""

import errno
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from jobs import ROOT

from tfgan_aug.commands import endings
from tfgan_aug.core import artefacts
from tfgan_aug.training import checkpoints


def test_signals_raise_once_and_are_given_back():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(endings.Stopped) as stopped, endings.stoppable():
        os.kill(os.getpid(), signal.SIGTERM)
        # A second one would end the process at once.
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert signal.getsignal(signal.SIGTERM) == before
    assert str(stopped.value) == "stopped by SIGTERM" and stopped.value.code == 143
    assert not isinstance(stopped.value, Exception)


def test_an_import_is_not_cut_off_in_its_middle():
    """It would end in the words of what it left half done."""
    done = []
    with pytest.raises(endings.Stopped) as stopped, endings.stoppable(), endings.held():
        os.kill(os.getpid(), signal.SIGINT)
        done.append("imported")
    assert done == ["imported"] and stopped.value.code == 130
    with endings.held():
        pass


@pytest.mark.parametrize(
    ("number", "words", "code"), [(signal.SIGINT, "Ctrl-C", 130), (signal.SIGTERM, "SIGTERM", 143)]
)
def test_a_stopped_command_says_how_to_go_on(command, tmp_path, number, words, code):
    def main(config):
        os.kill(os.getpid(), number)

    found, out, err = command(f"--workdir={tmp_path}", main=main)
    kept = f"what is done is kept in {tmp_path}; the same command goes on"
    assert (found, out, err) == (code, "", f"build_dataset: stopped by {words}; {kept}\n")


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "file"),
        OSError(errno.EDQUOT, "Disk quota exceeded", "file"),
        # NumPy's, when it could not write all of an array.
        OSError("4096 requested and 16 written"),
        OSError("Unable to create file (errno = 28, error message = 'No space left on device')"),
        tf.errors.ResourceExhaustedError(None, None, "file; No space left on device"),
    ],
)
def test_a_full_disk_is_one_line(command, tmp_path, error):
    def main(config):
        raise error

    found, out, err = command(f"--workdir={tmp_path}", main=main)
    assert found == 2 and out == "" and err.count("\n") == 1
    assert err.startswith("build_dataset: ") and err.endswith("; the same command goes on once there is room\n")
    assert any(words in err for words in ("No space left", "Disk quota", "4096 requested"))


def test_nothing_is_kept_where_no_work_began(command, tmp_path):
    def main(config):
        os.kill(os.getpid(), signal.SIGTERM)

    _, _, err = command(f"--workdir={tmp_path}/none", main=main)
    assert err == "build_dataset: stopped by SIGTERM; the same command goes on\n"


def test_other_errors_stay_what_they_are(command):
    def main(config):
        raise RuntimeError("a fault of ours")

    with pytest.raises(RuntimeError, match="a fault of ours"):
        command(main=main)
    assert not endings.no_room(OSError("3 requested")) and not endings.no_room(PermissionError(13, "No", "file"))


def test_checkpoints_leave_hdf5_out_of_a_full_disk(tmp_path, monkeypatch):
    """HDF5 takes the interpreter down where it cannot write: it is not asked to."""
    import keras

    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1000)])
    model.compile("adam", "mse")
    usage = checkpoints.shutil.disk_usage(tmp_path)
    path = tmp_path / "step-00000001.weights.h5"
    monkeypatch.setattr(checkpoints.shutil, "disk_usage", lambda folder: usage._replace(free=10_000))
    with pytest.raises(OSError, match="No space left on device") as caught:
        checkpoints.save_weights(model, path)
    assert caught.value.filename == str(path) and list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    checkpoints.save_weights(model, path)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_limit_on_file_sizes_is_one_line_at_the_first_file_that_meets_it(tmp_path):
    """As a full disk: by the operating system itself, in a process of its own."""
    code = (
        "import resource, sys\nimport numpy as np\nfrom tfgan_aug.commands import build_dataset, cli\n"
        "from tfgan_aug.core import artefacts\n"
        "def main(config):\n    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))\n"
        "    artefacts.write_text(sys.argv[1].partition('=')[2] + '/notes', 'x' * 2000)\n"
        "build_dataset.main = main\ncli._start_tensorflow = lambda: None\ncli.run(build_dataset)"
    )
    command = [sys.executable, "-c", code, f"--workdir={tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and f"{tmp_path}/notes: File too large; what is done is kept in" in done.stderr


def test_an_error_that_names_no_file_gets_the_name(tmp_path):
    with pytest.raises(OSError, match="No space") as caught, artefacts.whole(tmp_path / "images.npy"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.filename == str(tmp_path / "images.npy")
    with pytest.raises(OSError, match="^1 requested") as caught, artefacts.writing(tmp_path):
        raise OSError("1 requested and 0 written")
    assert caught.value.filename is None
    with artefacts.whole(tmp_path / "images.npy") as partial, open(partial, "wb") as file:
        np.save(file, np.zeros(3))
    assert np.load(tmp_path / "images.npy").shape == (3,)
