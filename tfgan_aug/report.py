"""What a person sees at the end: the table of accuracies, the picture grids, each dataset's card.

Artefacts: `grids/*.png` and `summary.md` in the workdir, `README.md` beside each dataset's shards.
"""

import numpy as np

from tfgan_aug import experiment, pixels

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
    images = [draw["image"] for draw in pool.select(rule, label, verdict, _GRID_COLUMNS)]
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


def acceptance(class_names, drawn, limit=_GRID_CLASSES):
    """One line: the share of draws that are TP, overall and a class (the first `limit` of those drawn)."""
    shares = [
        f"{name} {tp / draws:.0%}" for name, (draws, tp, _) in zip(class_names, drawn.counts, strict=True) if draws
    ]
    draws, tp, _ = drawn.counts.sum(axis=0)
    more = f", and {len(shares) - limit} more classes" if len(shares) > limit else ""
    return f"{tp / draws:.1%} of {draws:,} draws accepted ({', '.join(shares[:limit])}{more})"


def closing(rows, class_names, drawn, leaking, skipped, grids, dataset):
    """What the main job prints last: table, acceptance rates, warnings, folders, the line that loads `dataset`."""
    lines = [summary(rows)]
    lines += [f"{gan}: {acceptance(class_names, drawn[gan])}" for gan in drawn]
    if leaking:
        lines.append("the judge saw the source's whole train split: these accuracies leak")
    if skipped:
        lines.append(f"left out, unreadable: {', '.join(skipped)}")
    lines.append(f"grids: {grids}; datasets: {dataset.data_dir / dataset.name}")
    name, folder = f"{dataset.name}/{dataset.variant}", str(dataset.data_dir.resolve())
    lines.append(f"tfds.load({name!r}, data_dir={folder!r}, as_supervised=True)")
    return "\n".join(lines) + "\n"


def card(dataset, source, provenance):
    """The text of a dataset's README.md: what it holds, where it comes from, how to read it, what to beware of."""
    leak = (
        "\n**Leaks.** The judge was trained on the source's whole train split, which holds more images than the "
        "subset: accuracies measured with this dataset do not show what the subset alone supports.\n"
        if provenance["leaking"]
        else ""
    )
    drawn = provenance.get("acceptance")
    rates = f"\nAcceptance: {drawn}.\n" if drawn else ""
    return f"""# {dataset.name}/{dataset.variant}

{provenance["description"]}
{leak}{rates}
```python
import tensorflow_datasets as tfds
train = tfds.load("{dataset.name}/{dataset.variant}", data_dir=..., split="train", as_supervised=True)
```

A generated image's label is the intended one. `origin` is real, geometric or the GAN; `verdict` none, tp or fp;
`predicted` and `confidence` are the judge's (-1 and NaN for images without a verdict). `provenance.json` holds
the config, the digests and the counts, `SHA256SUMS` the checksums.

Source: {source.spec} (version {source.version}). {source.license or ""}

```
{source.citation or "no citation is known for the source"}
```
"""
