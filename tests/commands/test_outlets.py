"""Stdout and stderr as shells leave them: closed, full, unread, of few letters; homes and folders that are missing."""

import os
import pathlib
import subprocess
import sys
import tempfile

import pytest

from tfgan_aug.commands import cli, outlets

ROOT = pathlib.Path(__file__).parents[2]
TOOL = [sys.executable, "-m", "tools.build_dataset"]
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}


def shell(words, **environment):
    """What a shell makes of the command of these words, `TOOL` for the tool: exit code, stdout, stderr."""
    words = words.replace("TOOL", " ".join(TOOL))
    done = subprocess.run(
        ["bash", "-c", words], capture_output=True, cwd=ROOT, env={**os.environ, **environment}, check=False
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


REFUSED = "build_dataset: --nothing: no such option; did you mean 'config'?; see --help\n"


@pytest.mark.parametrize(
    ("closed", "err"),
    [(">&-", REFUSED), ("2>&-", ""), (">&- 2>&-", ""), ("<&-", REFUSED), ("<&- >&- 2>&-", ""), (">/dev/full", REFUSED)],
)
def test_a_mistake_with_closed_streams(closed, err):
    assert shell(f"TOOL --nothing=1 {closed}") == (2, "", err)


def test_what_is_printed_to_a_closed_stdout_is_lost_without_a_word(tmp_path):
    """Not written to the first file that the process opens, which takes the number of stdout."""
    lines = (
        "from tfgan_aug.commands import outlets",
        "def main():",
        "    with open('made', 'w') as file:",
        "        print('lost', flush=True)",
        "        file.write('kept')",
        "outlets.kept(main)()",
    )
    code = "\n".join(lines)
    path = f"cd {tmp_path}; PYTHONPATH={ROOT}"
    assert shell(f'{path} {sys.executable} -c "{code}" >&-') == (0, "", "")
    assert (tmp_path / "made").read_text() == "kept"


def test_a_reader_that_has_gone():
    """As `| head -1`, once head has what it wants."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as gone:
        done = subprocess.run([*TOOL, "--help"], stdout=gone, stderr=subprocess.PIPE, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (outlets.GONE, b"")


def test_a_stdout_that_is_full():
    assert shell("TOOL --help >/dev/full") == (
        2, "", "build_dataset: stdout: No space left on device; expected room for text\n"
    )  # fmt: skip


def test_letters_that_the_terminal_lacks_are_escapes():
    code = "from tfgan_aug.commands import outlets; outlets.kept(lambda: print('75.9 \\u00b1 0.8'))()"
    assert shell(f'{sys.executable} -c "{code}"', **ASCII) == (0, "75.9 \\xb1 0.8\n", "")
    assert shell("TOOL --help", **ASCII)[0] == 0


def test_an_argument_in_an_ascii_locale(tmp_path):
    found = "--workdir: found '{}/caf\\udcc3\\udca9', which the locale's ascii cannot read"
    expected = "expected a locale of UTF-8, such as LC_ALL=C.UTF-8"
    assert shell(f"TOOL --workdir={tmp_path}/caf\u00e9", **ASCII) == (
        2, "", f"build_dataset: {found.format(tmp_path)}, {expected}\n"
    )  # fmt: skip


def test_an_ascii_locale_a_home_and_a_folder_for_temporary_files_that_are_missing(tmp_path):
    """TensorFlow is imported, and says nothing of any of them."""
    (tmp_path / "pictures" / "caf\u00e9").mkdir(parents=True)
    missing = {"HOME": "/proc/no_home", "TMPDIR": "/no_tmp", "MPLCONFIGDIR": "", "KERAS_HOME": str(tmp_path / "keras")}
    options = f"--workdir={tmp_path}/work --config.source=folder:{tmp_path}/pictures"
    code, out, err = shell(f"TOOL {options}", **ASCII, **missing)
    assert (code, out) == (2, "") and err.count("\n") == 1
    assert "caf\\udcc3\\udca9' has a name that the locale's ascii cannot read, expected a locale of UTF-8" in err
    # Keras makes the folder of its own settings.
    assert {path.name for path in tmp_path.iterdir()} <= {"pictures", "keras"}


def test_without_any_folder_for_temporary_files(monkeypatch):
    def none():
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "TemporaryFile", none)
    cli._start_tensorflow()


def test_other_errors_stay_what_they_are():
    @outlets.kept
    def fails():
        raise OSError(5, "Input/output error", "precious")

    with pytest.raises(OSError, match="precious"):
        fails()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("a\nb\t c ", "a b c"),
        ("a\x1b[2Jb\0", "a\\x1b[2Jb\\x00"),
        ("caf\u00e9 \udcff", "caf\u00e9 \\udcff"),
        ("\u2028x", "x"),
    ],
)
def test_a_line_that_any_terminal_can_show(words, line):
    assert outlets.line(words) == line
    assert len(outlets.line("x" * 100_000)) < 2_100


def test_what_a_config_file_prints_is_no_result(command, tmp_path):
    """It is shown where progress is, once the config is checked."""
    path = tmp_path / "mine.py"
    path.write_text("from tfgan_aug.config import ExperimentConfig\nprint('hello')\nget_config = ExperimentConfig\n")
    seen = []
    assert command(f"--config={path}", main=seen.append) == (0, "", "hello\n")
    assert len(seen) == 1
