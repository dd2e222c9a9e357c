"""How a command ends that cannot finish: stopped from outside, or the disk is full. Makes no file.

Both are one line that says what stays and how to go on, in place of a traceback.
"""

import contextlib
import errno
import os
import signal

# By the convention of shells: 128 and the number of the signal.
_SIGNALLED = 128
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Stopped(BaseException):
    """A signal asked the process to end; no block that mends an `Exception` takes it."""

    def __init__(self, number):
        super().__init__(number)
        self.number = number

    @property
    def code(self):
        """The exit code."""
        return _SIGNALLED + self.number

    def __str__(self):
        return "stopped by Ctrl-C" if self.number == signal.SIGINT else f"stopped by {signal.Signals(self.number).name}"


@contextlib.contextmanager
def stoppable():
    """A block in which Ctrl-C and SIGTERM raise `Stopped`, the first time; a second one ends the process at once."""
    before = {number: signal.signal(number, _stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def held():
    """A block that `Stopped` waits for: an import cut off in its middle ends in the words of what it left half done.

    A second signal ends the process at once.
    """
    found = []

    def note(number, frame):
        signal.signal(number, signal.SIG_DFL)
        found.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if found:
        raise Stopped(found[0])


def _stop(number, frame):
    signal.signal(number, signal.SIG_DFL)
    raise Stopped(number)


def no_room(error):
    """Returns the words for an error that a full disk caused, TensorFlow's, NumPy's or HDF5's, too; "" for others."""
    said = " ".join(str(error).split())
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return f"{error.filename}: {error.strerror}" if error.filename else said
    # What libraries make of it: its words alone, or NumPy's, which wrote less than it wanted to.
    if any(os.strerror(number) in said for number in _NO_ROOM):
        return said
    if isinstance(error, OSError) and " requested and " in said and said.endswith(" written"):
        return f"{os.strerror(errno.ENOSPC)} ({said})"
    return ""


def goes_on(workdir):
    """Returns what a user is told who may go on; nothing is kept where the `workdir` is not there yet, or is ""."""
    kept = f"; what is done is kept in {workdir}" if os.path.isdir(workdir) else ""
    return f"{kept}; the same command goes on"
