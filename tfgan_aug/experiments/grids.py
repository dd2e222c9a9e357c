"""The grids of images that a person looks at: the paper's figure 3, a class a row.

Artefacts, in a folder of the caller's choice: `real.png`, `geometric.png`, `<gan>_tp.png`, `<gan>_fp.png`, and what the
families of the GANs add (see `families.Family`).
"""

import numpy as np

from tfgan_aug.core import pixels
from tfgan_aug.experiments import shared_stages
from tfgan_aug.experiments.families import FAMILIES
from tfgan_aug.sampling import rules

_COLUMNS, _CLASSES = 16, 20


def save(drawing, folder):
    """Writes the first 16 images of the first 20 classes of each kind in a filled `drawing.Drawing`; returns the paths.

    Without geometric images where no variant needs them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plan, subset = drawing.plan, drawing.plan.run.subset
    rule, labels = rules.ThresholdRule(plan.run.config.samples.threshold), range(min(subset.classes, _CLASSES))
    first = [subset.train.of_class(label)[:_COLUMNS] for label in labels]
    found = {"real": [subset.train.images[positions] for positions in first]}
    for images in shared_stages.geometric_images(plan)[:1]:
        found["geometric"] = [images[positions] for positions in first]
    for gan in plan.gans:
        for verdict in ("tp", "fp"):
            chosen = [drawing.pool(gan).select(rule, label, verdict, _COLUMNS) for label in labels]
            found[f"{gan}_{verdict}"] = [_decoded(draws, subset.image_shape) for draws in chosen]
    paths = []
    for name, images in found.items():
        paths.append(folder / f"{name}.png")
        pixels.save_grid(paths[-1], images, [subset.class_names[label] for label in labels])
    for gan in plan.gans:
        paths += FAMILIES[gan].inspect(plan.gan_stages[gan], plan.gan_run, folder)
    return paths


def _decoded(draws, image_shape):
    images = [pixels.decode_png(draw.image) for draw in draws]
    return np.stack(images) if images else np.empty((0, *image_shape), np.uint8)
