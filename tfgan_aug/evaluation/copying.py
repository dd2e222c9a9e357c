"""Whether generated images are copies of training images. Makes no file.

Sets are arrays (N, ...) of pixels or features, an image a row, flattened; distances are Euclidean, in their units.
"""

import numpy as np

from tfgan_aug.core.errors import UserError
from tfgan_aug.evaluation import distances

# Of the generated images; cells with fewer say little (Meehan et al. 2020 leave them out).
_LEAST_SHARE = 0.01
# Grey levels, the standard deviation within a patch; patches whose nearest ones are looked for; images at a time.
_LEAST_CONTRAST, _MOST_PATCHES, _BLOCK = 8.0, 2_000, 100
# Images of each kind a cell on average: a z score of fewer is no normal variable.
_CELL_IMAGES, _MOST_CELLS = 40, 10


def authenticity(train: np.ndarray, fake: np.ndarray) -> float:
    """The share of fakes, float, whose nearest training image has another training image nearer to it than the fake.

    Alaa et al. (2022), by the definition in words: fake g, its nearest training image t, t's nearest other training
    image u; authentic where d(t, u) < d(g, t), as dgm-eval has it. Raises `UserError` for fewer than 2 training images.
    """
    between = distances.nearest(train, train, leave_one_out=True)[0][:, 0]
    distance, index = distances.nearest(fake, train)
    return float(np.mean(between[index[:, 0]] < distance[:, 0]))


def threshold(train: np.ndarray, quantile: float = 0.01, others: np.ndarray | None = None) -> float:
    """The distance, float, below which an image is a near-copy: this quantile of real images' nearest distances.

    Of the training images to each other, or of `others`, real images that nobody trained on, to them. By definition
    that share of new images is below it.
    """
    if others is None:
        found = distances.nearest(train, train, leave_one_out=True)[0]
    else:
        found = distances.nearest(others, train)[0]
    return float(np.quantile(found[:, 0], quantile))


def near_copies(train: np.ndarray, fake: np.ndarray, limit: float) -> np.ndarray:
    """Bool (N,): the fakes nearer than `limit` to a training image, and exact copies whatever the limit."""
    distance = distances.nearest(fake, train)[0][:, 0]
    return (distance < limit) | (distance == 0)


def closest_pairs(train: np.ndarray, fake: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(positions of fakes, of training images, distances): the `count` fakes nearest to a training image."""
    distance, index = distances.nearest(fake, train)
    order = np.argsort(distance[:, 0], kind="stable")[:count]
    return order, index[order, 0], distance[order, 0]


class TrainingPatches:
    """The patches of training images uint8 (N, H, W, C), and how near to them other images' patches are.

    For images put together from parts of real ones, which are no copies as a whole. A patch is `side` pixels square, at
    every `side` / 2 pixels; patches with hardly any contrast, such as background, do not count. Near is within the
    `quantile` of the nearest distances from the patches of one half of the images to those of the other.
    """

    def __init__(self, images: np.ndarray, quantile: float = 0.01, side: int = 8, seed: int = 0):
        self._side, self._seed = side, seed
        order = np.random.default_rng(seed).permutation(len(images))
        first, second = (_patches(images[np.sort(places)], side) for places in (order[::2], order[1::2]))
        self._known, self._limit = np.concatenate([first, second]), None
        if len(first) and len(second):
            between = distances.nearest(self._some(first), second)[0]
            self._limit = float(np.quantile(between, quantile))

    def copied(self, images: np.ndarray) -> float | None:
        """The share, float, of the patches of images uint8 (N, H, W, C) that are near to a training patch of any place.

        Of new real images about the share `quantile` is, a little more as all training images are compared. None where
        no patch has contrast.
        """
        # A part of many images has patches enough.
        chosen = np.sort(np.random.default_rng(self._seed).permutation(len(images))[:_MOST_PATCHES])
        drawn = self._some(_patches(images[chosen], self._side))
        if self._limit is None or not len(drawn):
            return None
        found = distances.nearest(drawn, self._known)[0]
        return float(np.mean((found < self._limit) | (found == 0)))

    def _some(self, patches):
        """At most `_MOST_PATCHES` of the patches, at random."""
        return patches[np.sort(np.random.default_rng(self._seed).permutation(len(patches))[:_MOST_PATCHES])]


def _patches(images, side):
    """The patches of images uint8 (N, H, W, C) that have contrast, uint8 (P, side * side * C)."""
    side = min(side, *images.shape[1:3])
    step, found = max(1, side // 2), []
    # Block by block: the deviations are computed in floats.
    for start in range(0, len(images), _BLOCK):
        windows = np.lib.stride_tricks.sliding_window_view(images[start : start + _BLOCK], (side, side), axis=(1, 2))
        patches = windows[:, ::step, ::step].reshape(-1, images.shape[3] * side * side)
        found.append(patches[patches.std(axis=1) > _LEAST_CONTRAST])
    return np.concatenate(found) if found else np.empty((0, images.shape[3] * side * side), np.uint8)


def ct_test(
    train: np.ndarray,
    held_out: np.ndarray,
    fake: np.ndarray,
    *,
    cells: int | None = None,
    components: int = 64,
    least_share: float = _LEAST_SHARE,
    seed: int = 0,
) -> float:
    """C_T, float: below about -3 fakes are nearer to training images than `held_out` are (copying), above 3 farther.

    Meehan et al. (2020): `train` is projected on its first principal components and cut into cells by k-means (their
    number: such that a cell has about 40 images of each set, at most 10); see `ct_of_cells`. Raises `UserError` where
    there are too few images for one cell.
    """
    from scipy.cluster import vq

    sets = [
        distances.vectors(name, values, _CELL_IMAGES, "one cell of the C_T test")
        for name, values in (("training images", train), ("held-out images", held_out), ("generated images", fake))
    ]
    for other in sets[1:]:
        distances.same_dimensions(sets[0], other)
    projected = _principal(sets, components)
    if cells is None:
        cells = min(_MOST_CELLS, max(1, min(map(len, sets)) // _CELL_IMAGES))
    centres, labels = vq.kmeans2(projected[0], cells, minit="++", rng=np.random.default_rng(seed))
    held_out_cells, fake_cells = (distances.nearest(values, centres)[1][:, 0] for values in projected[1:])
    own, others, drawn = projected
    return ct_of_cells(own, others, drawn, labels, held_out_cells, fake_cells, least_share)


def ct_of_cells(
    train: np.ndarray,
    held_out: np.ndarray,
    fake: np.ndarray,
    train_cells: np.ndarray,
    held_out_cells: np.ndarray,
    fake_cells: np.ndarray,
    least_share: float = _LEAST_SHARE,
) -> float:
    """C_T of sets (N, D) whose cells, ints (N,), are given: the cells' z scores, weighted by their held-out share.

    In each cell z is that of the Mann-Whitney U of the distances to the cell's nearest training image, fakes against
    held-out images. Left out: cells with no more than `least_share` of the fakes, or without one of the three kinds.
    """
    scores, weights = [], []
    for cell in np.unique(train_cells):
        t, p, q = (
            values[cells == cell]
            for values, cells in ((train, train_cells), (held_out, held_out_cells), (fake, fake_cells))
        )
        if len(p) and len(q) and len(q) > least_share * len(fake):
            scores.append(_z(distances.nearest(q, t)[0][:, 0], distances.nearest(p, t)[0][:, 0]))
            weights.append(len(p))
    if not scores:
        raise UserError("C_T: found no cell with training, held-out and generated images, expected one or more")
    return float(np.average(scores, weights=weights))


def _z(fakes, held_out):
    """The z score of the Mann-Whitney U of two samples of distances, with the continuity correction."""
    from scipy import stats

    n, m = len(held_out), len(fakes)
    u = stats.mannwhitneyu(fakes, held_out, alternative="less").statistic
    return (u - (n * m / 2 - 0.5)) / np.sqrt(n * m * (n + m + 1) / 12)


def _principal(sets, components):
    """The sets on the first principal components of the first one: float64 (N, min(components, N, D))."""
    mean = sets[0].mean(axis=0, dtype=np.float64)
    centred = sets[0] - mean
    # The smaller of the two Gram matrices: pixels have more dimensions than there are images.
    if centred.shape[0] < centred.shape[1]:
        values, vectors = np.linalg.eigh(centred @ centred.T)
        axes = centred.T @ vectors / np.sqrt(np.maximum(values, np.finfo(float).tiny))
    else:
        values, axes = np.linalg.eigh(centred.T @ centred)
    kept = np.argsort(values)[::-1][:components]
    kept = kept[values[kept] > values.max() * 1e-12]
    return [(values_ - mean) @ axes[:, kept] for values_ in sets]
