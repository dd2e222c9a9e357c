"""grids."""

import numpy as np

from tfgan_aug.core import pixels

_GRID_COLUMNS = 16


_GRID_CLASSES = 20


def save_grids(folder, subset, geometric, pools, rule):
    """Writes the paper's figure 3: `real.png`, `geometric.png`, `<gan>_tp.png`, `<gan>_fp.png`, a class a row.

    `geometric` is None where no variant needs it; `pools` maps a GAN's name to its pool. Shows the first 16
    images of the first 20 classes. Gives the paths.
    """
    folder.mkdir(parents=True, exist_ok=True)
    labels = range(min(subset.classes, _GRID_CLASSES))
    names = [subset.class_names[label] for label in labels]
    rows = {"real": [subset.train.images[subset.train.of_class(label)[:_GRID_COLUMNS]] for label in labels]}
    if geometric is not None:
        rows["geometric"] = [geometric[subset.train.of_class(label)[:_GRID_COLUMNS]] for label in labels]
    for gan, pool in pools.items():
        for verdict in ("tp", "fp"):
            rows[f"{gan}_{verdict}"] = [_first(pool, rule, label, verdict, subset.image_shape) for label in labels]
    paths = []
    for name, images in rows.items():
        paths.append(folder / f"{name}.png")
        pixels.save_grid(paths[-1], images, names)
    return paths


def _first(pool, rule, label, verdict, image_shape):
    images = [pixels.decode_png(draw.image) for draw in pool.select(rule, label, verdict, _GRID_COLUMNS)]
    return np.stack(images) if images else np.empty((0, *image_shape), np.uint8)
