"""Progress: what a person sees while work goes on, a line for each stage and bars on a terminal.

Makes no file; everything goes to stderr.
"""

import contextlib
import sys
import time

import keras
from tqdm import tqdm

from tfgan_aug.training import checkpoints


class Progress:
    """Notes and bars: bars only on a terminal, a closing line always."""

    def __init__(self):
        self._waiting = []

    def note(self, text):
        """Shows a line."""
        self.begin()
        tqdm.write(text, file=sys.stderr)

    def before(self, text):
        """Shows a line once work begins: not where a mistake of the user is found before, which is one line alone."""
        self._waiting.append(text)

    def begin(self):
        """Shows the lines that wait for work to begin."""
        lines, self._waiting = self._waiting, []
        for line in lines:
            tqdm.write(line, file=sys.stderr)

    @contextlib.contextmanager
    def task(self, name):
        """Shows `name` with the seconds that the block took."""
        start = time.monotonic()
        yield
        self.note(f"{name} ({time.monotonic() - start:.0f} s)")

    @contextlib.contextmanager
    def training(self, name, steps):
        """Yields a Keras callback that shows the steps and the newest metrics."""
        self.begin()
        start = time.monotonic()
        with tqdm(total=steps, desc=name, unit="step", disable=None, file=sys.stderr) as bar:
            callback = _Bar(bar)
            yield callback
        metrics = ", ".join(f"{key} {value:.3f}" for key, value in callback.metrics.items())
        self.note(f"{name}: {steps:,} steps in {time.monotonic() - start:.0f} s{', ' if metrics else ''}{metrics}")

    @contextlib.contextmanager
    def drawing(self, gan, class_names, needed):
        """Yields a function (label, draws, TP, FP) that shows how full a class is and its acceptance rate."""
        start, total = time.monotonic(), int(needed["tp"].sum() + needed["fp"].sum())
        have = {}
        with tqdm(total=total, desc=f"{gan} pool", unit="image", disable=None, file=sys.stderr) as bar:

            def show(label, draws, tp, fp):
                have[label] = min(tp, needed["tp"][label]) + min(fp, needed["fp"][label])
                bar.n = int(sum(have.values()))
                bar.set_postfix_str(f"{class_names[label]}: {tp / draws:.0%} of {draws} accepted")

            yield show
        self.note(f"{gan} pool: filled in {time.monotonic() - start:.0f} s")


class _Bar(keras.callbacks.Callback):
    def __init__(self, bar):
        super().__init__()
        self.bar, self.metrics = bar, {}

    def on_train_begin(self, logs=None):
        self.bar.update(checkpoints.steps_done(self.model) - self.bar.n)

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update()

    def on_epoch_end(self, epoch, logs=None):
        self.metrics = {name: float(value) for name, value in (logs or {}).items()}
        self.bar.set_postfix(self.metrics)
