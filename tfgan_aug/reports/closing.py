"""What a person sees at the end: the table of accuracies, the picture grids.

Artefacts: `grids/*.png` and `summary.md` in the workdir.
"""

from tfgan_aug.datasets import cards
from tfgan_aug.experiments import cells


def percent(scores):
    """Accuracy and standard error in percent, such as `61.7 +- 0.7`; `-` where there are no scores."""
    if not scores:
        return "-"
    share, error = cells.accuracy(scores)
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
