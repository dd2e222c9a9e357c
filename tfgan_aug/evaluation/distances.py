"""Euclidean distances between two sets of images or features, in blocks: every metric of images here uses them.

Makes no file. Sets are arrays (N, ...) of numbers, uint8 images as well as features, an image a row, flattened.
"""

from collections.abc import Iterator

import numpy as np

from tfgan_aug.core.errors import UserError

# Rows of each side at a time: 2,000 x 2,000 distances are 32 MB, and matrix products are near their best rate.
BLOCK = 2_000


def vectors(name: str, values: np.ndarray, least: int = 1, reason: str = "") -> np.ndarray:
    """The set as vectors (N, D), not copied.

    Raises `UserError` for fewer than `least` images and for values that are no finite numbers.
    """
    values = np.asarray(values)
    if values.ndim < 2 or values.dtype.kind not in "fiub" or 0 in values.shape[1:]:
        raise UserError(f"{name}: found shape {values.shape} of {values.dtype}, expected numbers (N, ...)")
    if len(values) < least:
        raise UserError(f"{name}: found {len(values)} images, expected {least} or more{reason and f' ({reason})'}")
    # The smallest and the largest need no mask of the set's size, and NaN is both.
    if values.dtype.kind == "f" and len(values) and not (np.isfinite(values.min()) and np.isfinite(values.max())):
        raise UserError(f"{name}: found features that are infinite or no numbers, expected finite ones")
    return values.reshape(len(values), -1)


def same_dimensions(first: np.ndarray, second: np.ndarray) -> None:
    """Raises `UserError` where two sets (N, D) have other dimensions: they are of other networks, or image sizes."""
    if first.shape[1] != second.shape[1]:
        raise UserError(
            f"features: found {first.shape[1]} and {second.shape[1]} dimensions, expected the same; features of "
            "different networks cannot be compared"
        )


def blocks(queries: np.ndarray, references: np.ndarray, size: int = BLOCK) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """Yields (query slice, reference slice, squared distances float64 (n, m)), queries in the outer loop.

    |a|^2 + |b|^2 - 2 ab in float64, about the references' mean: rounding is some 1e-15 of the squared distance to it.
    """
    centre = references.mean(axis=0, dtype=np.float64)
    for start in range(0, len(queries), size):
        q = queries[start : start + size].astype(np.float64) - centre
        q_squares = np.einsum("ij,ij->i", q, q)[:, None]
        for first in range(0, len(references), size):
            r = references[first : first + size].astype(np.float64) - centre
            squares = q @ r.T
            squares *= -2
            squares += q_squares
            squares += np.einsum("ij,ij->i", r, r)
            np.maximum(squares, 0, out=squares)
            yield slice(start, start + len(q)), slice(first, first + len(r)), squares


def nearest(
    queries: np.ndarray, references: np.ndarray, k: int = 1, *, leave_one_out: bool = False, size: int = BLOCK
) -> tuple[np.ndarray, np.ndarray]:
    """(distances float64 (N, k), ascending; positions int64 (N, k)) of each query's k nearest references.

    `leave_one_out` passes over the reference at the query's own position: both are then the same set. The distances
    found are computed again as differences, so that a copy is at exactly 0. Raises `UserError` for too few references.
    """
    queries = vectors("images", queries)
    references = vectors("reference images", references, k + leave_one_out, f"the {k} nearest are asked for")
    same_dimensions(queries, references)
    best, found = np.full((len(queries), k), np.inf), np.zeros((len(queries), k), np.int64)
    for own, others, squares in blocks(queries, references, size):
        if leave_one_out:
            positions = np.arange(own.start, own.stop) - others.start
            inside = (positions >= 0) & (positions < squares.shape[1])
            squares[np.flatnonzero(inside), positions[inside]] = np.inf
        columns = np.broadcast_to(np.arange(squares.shape[1]), squares.shape)
        if k < squares.shape[1]:
            columns = np.argpartition(squares, k - 1, axis=1)[:, :k]
            squares = np.take_along_axis(squares, columns, axis=1)
        candidates = np.concatenate([best[own], squares], axis=1)
        places = np.concatenate([found[own], columns + others.start], axis=1)
        kept = np.argsort(candidates, axis=1, kind="stable")[:, :k]
        best[own] = np.take_along_axis(candidates, kept, axis=1)
        found[own] = np.take_along_axis(places, kept, axis=1)
    for start in range(0, len(queries), size):
        own = slice(start, start + size)
        for column in range(k):
            step = queries[own].astype(np.float64) - references[found[own, column]]
            best[own, column] = np.sqrt(np.einsum("ij,ij->i", step, step))
    order = np.argsort(best, axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1), np.take_along_axis(found, order, axis=1)
