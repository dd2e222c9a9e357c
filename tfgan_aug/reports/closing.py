"""What a person sees at the end: the table of accuracies, the picture grids.

Artefacts: `grids/*.png` and `summary.md` in the workdir.
"""

import numpy as np

from tfgan_aug.core import pixels
from tfgan_aug.datasets import cards
from tfgan_aug.experiments import cells as experiment

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
    images = [pixels.decode_png(draw["png"]) for draw in pool.select(rule, label, verdict, _GRID_COLUMNS)]
    return np.stack(images) if images else np.empty((0, *image_shape), np.uint8)


def percent(scores):
    """Accuracy and standard error in percent, such as `61.7 +- 0.7`; `-` where there are no scores."""
    if not scores:
        return "-"
    share, error = experiment.accuracy(scores)
    return f"{100 * share:.1f} +- {100 * error:.1f}"


def summary(rows):
    """A Markdown table: variant, images, accuracy on the test split and on the held-out images, minutes.

    `rows` are dicts with `variant`, `images`, `test`, `held_out` (scores or None), `make_minutes`, `train_minutes`.
    """
    head = ("variant", "images", "test split (%)", "held out (%)", "minutes to make", "minutes to train")
    body = [
        (
            row["variant"],
            f"{row['images']:,}",
            percent(row.get("test")),
            percent(row.get("held_out")),
            f"{row['make_minutes']:.1f}",
            f"{row['train_minutes']:.1f}",
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    lines = [head, tuple("-" * width for width in widths), *body]
    return "\n".join(
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |" for line in lines
    )


def closing(rows, class_names, drawn, leaking, skipped, grids, dataset):
    """What the main job prints last: table, acceptance rates, warnings, folders, the line that loads `dataset`."""
    lines = [summary(rows)]
    lines += [f"{gan}: {cards.acceptance(class_names, drawn[gan])}" for gan in drawn]
    if leaking:
        lines.append("the judge saw the source's whole train split: these accuracies leak")
    if skipped:
        lines.append(f"left out, unreadable: {', '.join(skipped)}")
    lines.append(f"grids: {grids}; datasets: {dataset.data_dir / dataset.name}")
    name, folder = f"{dataset.name}/{dataset.variant}", str(dataset.data_dir.resolve())
    lines.append(f"tfds.load({name!r}, data_dir={folder!r}, as_supervised=True)")
    return "\n".join(lines) + "\n"
