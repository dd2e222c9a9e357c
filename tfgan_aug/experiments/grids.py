"""The grids of images that a person looks at: the paper's figure 3, a class a row.

Artefacts, in a folder of the caller's choice: `real.png`, `geometric.png`; `<gan>_fp.png`, `<gan>_tp.png` and one such
as `<gan>_tp_quantile.png` for each other rule that chose images, with the rule's words above; and what the families of
the GANs add (see `families.Family`).
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
    labels, titles = range(min(subset.classes, _CLASSES)), captions(drawing)
    first = [subset.train.of_class(label)[:_COLUMNS] for label in labels]
    found = {"real": [subset.train.images[positions] for positions in first]}
    for images in shared_stages.geometric_images(plan)[:1]:
        found["geometric"] = [images[positions] for positions in first]
    for name, (gan, selection, verdict) in _kinds(drawing).items():
        rule = drawing.rules[gan][selection]
        chosen = [drawing.pool(gan).select(rule, label, verdict, _COLUMNS) for label in labels]
        found[name] = [_decoded(draws, subset.image_shape) for draws in chosen]
    paths = []
    for name, images in found.items():
        paths.append(folder / f"{name}.png")
        pixels.save_grid(paths[-1], images, [subset.class_names[label] for label in labels], title=titles.get(name, ""))
    for gan in plan.gans:
        paths += FAMILIES[gan].inspect(plan.gan_stages[gan], plan.gan_run, folder)
    return paths


def captions(drawing):
    """Returns {name of a grid of generated images: the words for the rule that chose them}."""
    samples = drawing.plan.run.config.samples
    return {
        name: f"{gan}: {rules.described((verdict,), selection, samples)}"
        for name, (gan, selection, verdict) in _kinds(drawing).items()
    }


def _kinds(drawing):
    """Returns {name of a grid: (GAN, selection, verdict)}. FP are the same by every rule."""
    kinds = {}
    for gan, made in drawing.rules.items():
        for selection in sorted(made):
            kinds[f"{gan}_tp_{selection}" if selection else f"{gan}_tp"] = gan, selection, "tp"
        kinds[f"{gan}_fp"] = gan, min(made), "fp"
    return kinds


def _decoded(draws, image_shape):
    images = [pixels.decode_png(draw.image) for draw in draws]
    return np.stack(images) if images else np.empty((0, *image_shape), np.uint8)
