"""Stdout and stderr, whatever the shell made of them: closed, full, of few letters, or a pipe that nobody reads.

Makes no file.
"""

import errno
import functools
import os
import pathlib
import select
import sys

# By the convention of shells: what ends by SIGPIPE, as other commands do whose reader has gone.
GONE = 141
_REFUSED = 2
# Characters of a line: more are not read.
_MOST = 2_000


def kept(function):
    """Returns `function`, so run that what it prints is never a traceback.

    Streams that the shell closed take everything and keep nothing. Letters that the terminal lacks are written as
    escapes. Where the reader of a pipe has gone, the process ends with `GONE` and without a word; where stdout takes
    no more for another reason, with 2 and one line.
    """

    @functools.wraps(function)
    def run(*arguments):
        _open_closed()
        _escape()
        try:
            try:
                function(*arguments)
            finally:
                sys.stdout.flush()
        except OSError as error:
            _end(error)

    return run


def line(words):
    """Returns words as one line that any terminal can show: control characters as escapes, shortened in the middle."""
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in " ".join(words.split()))
    return text if len(text) <= _MOST else f"{text[: _MOST // 2]} ... {text[-_MOST // 2 :]}"


def _open_closed():
    """Opens what is closed: else the next file that is opened is stdout, and whatever is printed is written to it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest that is free, so this one.
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def _escape():
    # That of stderr are escapes in any case.
    if sys.stdout.errors in ("strict", "surrogateescape") and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


def _end(error):
    """Ends the process where it was stdout or stderr that failed, else raises the error again."""
    if error.errno not in [_fault(stream) for stream in (sys.stdout, sys.stderr)]:
        raise error
    if error.errno == errno.EPIPE:
        sys.exit(GONE)
    print(f"{pathlib.Path(sys.argv[0]).stem}: stdout: {error.strerror}; expected room for text", file=sys.stderr)
    sys.exit(_REFUSED)


def _fault(stream):
    """Returns the number of the error with which a stream takes no more, and turns it aside; None where it takes all.

    What could not be written is gone from the stream by now, so the file behind it is asked.
    """
    number = stream.fileno()
    try:
        stream.flush()
        os.write(number, b"")
        found = errno.EPIPE if _unread(number) else None
    except OSError as error:
        found = error.errno
    if found:
        # What waits in it is written when the process ends, and must go somewhere.
        with open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), number)
    return found


def _unread(number):
    """Whether a file is a pipe whose reader has gone."""
    poll = select.poll()
    poll.register(number, 0)
    return any(events & select.POLLERR for _, events in poll.poll(0))
