"""The pool: every draw with the judge's probabilities; verdicts are views of it.

Artefact: `pool-<digest>/class-<label>/block-<number>.npz`, each with the images as PNG files one after the other
(`png`, uint8, and `png_ends`, int64 (B,)), `indices` int64 (B,), `seeds` int64 (B,), `label` (the intended class) and
`probabilities` float32 (B, classes). Written once, whole or not at all; another rule or threshold needs no new draws.
"""

import contextlib
import dataclasses
import itertools
import pathlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tfgan_aug.core import artefacts, pixels
from tfgan_aug.sampling import rules


@dataclasses.dataclass(frozen=True, eq=False)
class Block:
    """B consecutive draws of one class, before any verdict.

    `indices` int64 (B,) within the class, `seeds` int64 (B,) of their streams, `images` uint8 (B, H, W, C).
    """

    label: int
    indices: np.ndarray
    seeds: np.ndarray
    images: np.ndarray


@dataclasses.dataclass(frozen=True)
class Selected:
    """A draw that a rule selected: `image` (the bytes of its PNG file), `index` within its class.

    `predicted` is the judge's class and `confidence` its probability, in [0, 1].
    """

    image: Any
    index: int
    predicted: int
    confidence: float


class Pool:
    """The blocks drawn so far, in the folder `path`."""

    def __init__(self, path: str | pathlib.Path):
        self.path = pathlib.Path(path)

    def path_of(self, label: int, number: int) -> pathlib.Path:
        """Returns the file of block `number` of class `label`."""
        return self.path / f"class-{label:04d}" / f"block-{number:06d}.npz"

    def has(self, label: int, number: int) -> bool:
        """Returns whether the pool holds block `number` of class `label`."""
        return self.path_of(label, number).exists()

    def write(self, number: int, block: Block, probabilities: np.ndarray) -> None:
        """Stores a block as block `number` of its class, with the judge's probabilities, float32 (B, classes)."""
        path = self.path_of(block.label, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        pngs = pixels.encode_png(block.images)
        ends = np.cumsum([len(png) for png in pngs])
        fields: dict[str, Any] = {"png": np.frombuffer(b"".join(pngs), np.uint8), "png_ends": ends}
        fields |= {"indices": block.indices, "seeds": block.seeds, "label": block.label}
        # Several threads or machines may draw the same block.
        with artefacts.whole(path, mark=uuid.uuid4().hex) as partial:
            np.savez(partial, probabilities=probabilities, **fields)

    def read(self, label: int, number: int, *fields: str) -> list[np.ndarray]:
        """Returns arrays of one block, in the order of `fields` (see the module)."""
        with self._open(label, number) as block:
            return [block[name] for name in fields]

    @contextlib.contextmanager
    def _open(self, label: int, number: int) -> Iterator[Mapping[str, np.ndarray]]:
        """Yields the arrays of one block. Raises `UserError` where its file is damaged, NumPy's checksums too."""
        path = self.path_of(label, number)
        with artefacts.loading(path), np.load(path) as block:
            yield block

    def codes(self, rule: rules.Rule, label: int, number: int) -> np.ndarray:
        """Returns the verdicts of one block's draws by a rule: places in `rules.VERDICTS`, int (B,)."""
        with self._open(label, number) as block:
            return _codes(rule, label, block)

    def pngs(self, label: int, number: int) -> list[bytes]:
        """Returns the images of one block, each the bytes of a PNG file."""
        return _pngs(*self.read(label, number, "png", "png_ends"))

    def blocks(self, label: int) -> Iterator[int]:
        """Yields the numbers of this class's blocks: 0, 1, ... up to the first one that is missing."""
        number = 0
        while self.has(label, number):
            yield number
            number += 1

    def count(self) -> int:
        """Returns the number of blocks of all classes."""
        return sum(1 for _ in self.path.glob("class-*/block-*.npz"))

    def probabilities(self, label: int, indices: np.ndarray) -> np.ndarray:
        """Returns the judge's probabilities, float32 (N, classes), of the draws of a class with ascending `indices`."""
        found = []
        for number in self.blocks(label):
            drawn, judged = self.read(label, number, "indices", "probabilities")
            found.append(judged[np.isin(drawn, indices)])
            if drawn[-1] >= indices[-1]:
                break
        return np.concatenate(found)

    def confusion(self, classes: int) -> np.ndarray:
        """Returns the numbers of draws by intended class (rows) and predicted one, int64 (classes, classes)."""
        counts = np.zeros((classes, classes), np.int64)
        for label in range(classes):
            for number in self.blocks(label):
                (probabilities,) = self.read(label, number, "probabilities")
                counts[label] += np.bincount(probabilities.argmax(axis=1), minlength=classes)
        return counts

    def select(self, rule: rules.Rule, label: int, verdict: str, count: int) -> Iterator[Selected]:
        """Yields the first `count` draws of class `label` with this verdict ("tp" or "fp"), lowest indices first."""
        found = 0
        for number in self.blocks(label) if count else ():
            with self._open(label, number) as block:
                places = np.flatnonzero(_codes(rule, label, block) == rules.VERDICTS.index(verdict))[: count - found]
                if not len(places):
                    continue
                found += len(places)
                images, indices = self.images_of(label, number, block), block["indices"]
                probabilities = block["probabilities"]
            for i in places:
                predicted = int(probabilities[i].argmax())
                yield Selected(images[i], int(indices[i]), predicted, float(probabilities[i, predicted]))
            if found == count:
                return

    def images_of(self, label: int, number: int, block: Mapping[str, np.ndarray]) -> Sequence[Any]:
        """Returns what `select` yields for the images of an open block: their PNG files, a list of bytes."""
        return _pngs(block["png"], block["png_ends"])


def _pngs(png: np.ndarray, ends: np.ndarray) -> list[bytes]:
    return [png[start:end].tobytes() for start, end in itertools.pairwise([0, *ends])]


def _codes(rule: rules.Rule, label: int, block: Mapping[str, np.ndarray]) -> np.ndarray:
    """Returns the verdicts of an open block's draws, int (B,); no more of the block is read than the rule needs."""
    fields = {name: block[name] for name in rule.fields if name != "images"}
    if "images" in rule.fields:
        fields["images"] = np.stack([pixels.decode_png(png) for png in _pngs(block["png"], block["png_ends"])])
    return rule.verdicts(label, *(fields[name] for name in rule.fields))
