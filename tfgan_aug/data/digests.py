"""Digests of images: what a stage that reads images depends on, down to the pixels. Makes no file."""

import hashlib
import json
from collections.abc import Iterable, Sequence

import numpy as np


def pixel_hash(image: np.ndarray) -> bytes:
    """The SHA-256 digest (bytes) of one image's pixels."""
    return hashlib.sha256(np.ascontiguousarray(image).tobytes()).digest()


def of_images(ids: Sequence[str], labels: np.ndarray, hashes: Iterable[bytes]) -> str:
    """SHA-256, in hex, of images in their order: `ids` (N,), `labels` ints (N,), `pixel_hash` of each."""
    digest = hashlib.sha256(json.dumps(list(ids)).encode())
    digest.update(np.asarray(labels).astype("<i4").tobytes())
    for pixels in hashes:
        digest.update(pixels)
    return digest.hexdigest()
