"""The pool: every draw with the judge's probabilities; verdicts are views of it.

Artefact: `pool-<digest>/class-<label>/block-<number>.npz`, each with the images as PNG files one after the other
(`png`, uint8, and `png_ends`, int64 (B,)), `indices` int64 (B,), `seeds` int64 (B,), `label` (the intended class) and
`probabilities` float32 (B, classes). Written once, whole or not at all; another rule or threshold needs no new draws.
"""

import itertools
import os
import pathlib
import uuid

import numpy as np

from tfgan_aug.core import pixels
from tfgan_aug.sampling import rules


class Pool:
    """The blocks drawn so far, in the folder `path`."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def _block_path(self, label, number):
        return self.path / f"class-{label:04d}" / f"block-{number:06d}.npz"

    def has(self, label, number):
        return self._block_path(label, number).exists()

    def write(self, number, block, probabilities):
        path = self._block_path(block.label, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Several threads or machines may draw the same block.
        partial = path.with_name(f"partial-{uuid.uuid4().hex}.npz")
        pngs = pixels.encode_png(block.images)
        fields = {"png": np.frombuffer(b"".join(pngs), np.uint8), "png_ends": np.cumsum([len(png) for png in pngs])}
        fields |= {"indices": block.indices, "seeds": block.seeds, "label": block.label}
        np.savez(partial, probabilities=probabilities, **fields)
        os.replace(partial, path)

    def read(self, label, number, *fields):
        """Arrays of one block, in the order of `fields`."""
        with np.load(self._block_path(label, number)) as block:
            return [block[name] for name in fields]

    def codes(self, rule, label, number):
        """Codes into `VERDICTS`, int (B,), of one block's draws by a rule."""
        with np.load(self._block_path(label, number)) as block:
            return _codes(rule, label, block)

    def pngs(self, label, number):
        """The images of one block, each the bytes of a PNG file."""
        return _pngs(*self.read(label, number, "png", "png_ends"))

    def blocks(self, label):
        """The numbers of this class's blocks: 0, 1, ... without a gap."""
        number = 0
        while self.has(label, number):
            yield number
            number += 1

    def probabilities(self, label, indices):
        """Float32 (N, classes) of the draws of class `label` with these ascending `indices`, int (N,)."""
        found = []
        for number in self.blocks(label):
            drawn, judged = self.read(label, number, "indices", "probabilities")
            found.append(judged[np.isin(drawn, indices)])
            if drawn[-1] >= indices[-1]:
                break
        return np.concatenate(found)

    def confusion(self, classes):
        """Draws by intended (rows) and predicted class, int64 (classes, classes), over the whole pool."""
        counts = np.zeros((classes, classes), np.int64)
        for label in range(classes):
            for number in self.blocks(label):
                (probabilities,) = self.read(label, number, "probabilities")
                counts[label] += np.bincount(probabilities.argmax(axis=1), minlength=classes)
        return counts

    def select(self, rule, label, verdict, count):
        """Yields the first `count` draws of class `label` with this verdict ("tp" or "fp"), lowest indices first.

        Each is a dict: `png` (bytes), `index`, `predicted` (int), `confidence` (float: the judge's, of the
        class it predicts).
        """
        found = 0
        for number in self.blocks(label) if count else ():
            with np.load(self._block_path(label, number)) as block:
                places = np.flatnonzero(_codes(rule, label, block) == rules.VERDICTS.index(verdict))[: count - found]
                if not len(places):
                    continue
                found += len(places)
                images, indices, probabilities = (
                    self.images_of(label, number, block),
                    block["indices"],
                    block["probabilities"],
                )
            for i in places:
                predicted = int(probabilities[i].argmax())
                confidence = float(probabilities[i, predicted])
                yield {"png": images[i], "index": int(indices[i]), "predicted": predicted, "confidence": confidence}
            if found == count:
                return

    def images_of(self, label, number, block):
        """Returns what `select` yields for the images of an open block: their PNG files, a list of bytes."""
        return _pngs(block["png"], block["png_ends"])


def _pngs(png, ends):
    return [png[start:end].tobytes() for start, end in itertools.pairwise([0, *ends])]


def _codes(rule, label, block):
    """Codes int (B,) of an open block, of which no more is read than the rule needs."""
    fields = {name: block[name] for name in rule.fields if name != "images"}
    if "images" in rule.fields:
        pngs = _pngs(block["png"], block["png_ends"])
        fields["images"] = np.stack([pixels.decode_png(png) for png in pngs])
    return rule.verdicts(label, *(fields[name] for name in rule.fields))
