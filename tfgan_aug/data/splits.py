"""Splits: the images of one side of a source, by position. Makes no file."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclasses.dataclass(frozen=True)
class Split:
    """Images of one split, by position: `ids` (unique strings) and `labels` (int32 (N,)) in a fixed order.

    Two openings of the same source give the same ids in the same order. Images are uint8 (H, W, C) in [0, 255].
    """

    ids: list[str]
    labels: np.ndarray
    image_shape: tuple[int, int, int]
    # Positions, ascending and distinct -> iterator of their images. Private, for it checks nothing.
    _read: Callable[[np.ndarray], Iterator[np.ndarray]] = dataclasses.field(repr=False)
    # Positions -> `surveys.survey` of those whose files were decoded.
    _survey: Callable[[np.ndarray], dict[str, Any]] = dataclasses.field(default=lambda positions: {}, repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    def images(self, positions: npt.ArrayLike) -> np.ndarray:
        """The images at `positions`, in that order: uint8 (len(positions), H, W, C).

        Only what is asked for is decoded, in one pass over the split; a position may be asked for twice. Raises
        IndexError for a position outside the split, TypeError for positions that are not integers.
        """
        distinct, inverse = np.unique(self._checked(positions), return_inverse=True)
        images = np.empty((len(distinct), *self.image_shape), np.uint8)
        for slot, image in zip(range(len(distinct)), self._read(distinct), strict=True):
            images[slot] = image
        in_order = np.array_equal(inverse, np.arange(len(distinct)))
        return images if in_order else images[inverse]

    def batches(
        self, batch_size: int, positions: npt.ArrayLike | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields (positions, images): int64 (n,), uint8 (n, H, W, C), in the order of the split, each position once.

        All images, or those at `positions`; n is `batch_size` except in the last batch. One batch is held at a time.
        Raises as `images` does, and ValueError for a batch size below 1.
        """
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}, expected at least 1")
        positions = np.arange(len(self)) if positions is None else np.unique(self._checked(positions))
        return self._batches(batch_size, positions)

    def survey(self, positions: npt.ArrayLike | None = None) -> dict[str, Any]:
        """What was met in the files of all images, or of those at `positions`: see `surveys`. Reads none of them.

        Empty where there are no files, or where none was read yet.
        """
        return self._survey(np.arange(len(self)) if positions is None else np.unique(self._checked(positions)))

    def without(self, positions: npt.ArrayLike) -> "Split":
        """The split without the images at `positions`; the others keep their ids and their order."""
        gone = np.unique(self._checked(positions))
        kept = np.delete(np.arange(len(self)), gone)
        return dataclasses.replace(
            self,
            ids=[self.ids[position] for position in kept.tolist()],
            labels=self.labels[kept],
            _read=lambda positions: self._read(kept[positions]),
            _survey=lambda positions: self._survey(kept[positions]),
        )

    def _batches(self, batch_size, positions):
        images = self._read(positions)
        for start in range(0, len(positions), batch_size):
            chosen = positions[start : start + batch_size]
            batch = np.empty((len(chosen), *self.image_shape), np.uint8)
            for slot in range(len(chosen)):
                batch[slot] = next(images)
            yield chosen, batch

    def _checked(self, positions):
        positions = np.asarray(positions)
        if positions.size and positions.dtype.kind not in "iu":
            raise TypeError(f"positions are {positions.dtype}, expected integers")
        if positions.size and not (positions.min() >= 0 and positions.max() < len(self)):
            raise IndexError(f"positions reach from {positions.min()} to {positions.max()}, the split has {len(self)}")
        return positions.astype(np.int64).reshape(-1)
