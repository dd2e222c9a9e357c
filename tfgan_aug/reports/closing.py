"""What the main job says at the end: whether the GAN's images helped, the accuracies, where things lie.

Makes no file; the command keeps the text as `summary.md` in the workdir.
"""

from tfgan_aug.core import markdown
from tfgan_aug.datasets import cards
from tfgan_aug.experiments import cells
from tfgan_aug.reports import answer_text

# A difference of more standard errors is no chance of the test images: about 5 % of equals differ more.
_ERRORS = 1.96


def percent(scores):
    """Returns accuracy and standard error in percent, such as `61.7 +- 0.7`; `-` where there are no scores."""
    if not scores:
        return "-"
    share, error = cells.accuracy(scores)
    return f"{100 * share:.1f} +- {100 * error:.1f}"


def summary(rows, short):
    """Returns a table: variant, images, accuracy on the test split and on the held-out images, minutes.

    `rows` are dicts with `variant`, `images`, `test`, `held_out` (scores or None), `make_minutes`, `train_minutes`.
    `short` are the images that variants lack, see `cards.shortfall`.
    """
    head = ("variant", "images", "test split (%)", "held out (%)", "minutes to make", "minutes to train")
    lines = []
    for row in rows:
        scores = [percent(row.get(split)) for split in ("test", "held_out")]
        minutes = [f"{row[name]:.1f}" for name in ("make_minutes", "train_minutes")]
        lack = sum(wanted - found for found, wanted in short.get(row["variant"], {}).values())
        images = f"{row['images']:,} of {row['images'] + lack:,}" if lack else f"{row['images']:,}"
        lines.append((row["variant"], images, *scores, *minutes))
    return markdown.table(head, lines, padded=True)


def answer(rows):
    """Returns the answer that one training of each variant gives, as Markdown; "" where there is nothing to compare."""
    scores = {row["variant"]: row.get("test") or row.get("held_out") for row in rows}
    accuracy = {name: cells.accuracy(found) for name, found in scores.items() if found}
    compared = [
        answer_text.Compared(
            name, 100 * accuracy[name][0], base, 100 * accuracy[base][0], _verdict(name, base, accuracy)
        )
        for name in accuracy
        if name not in ("real", "geo") and (base := answer_text.baseline_of(name)) in accuracy
    ]
    against = {name: _verdict(name, "real", accuracy) for name in accuracy} if "real" in accuracy else {}
    titles = {name: "the real images and the GAN's" for name in accuracy}
    parts = [answer_text.verdict(compared)] if compared else []
    parts.append(answer_text.advice({name: 100 * share for name, (share, _) in accuracy.items()}, against, titles))
    if compared:
        parts.append("Each was trained once; `python -m tools.run_table` repeats it over seeds.")
        parts.append(answer_text.to_try(compared))
    return "\n".join(part for part in parts if part)


def _verdict(name, baseline, accuracy):
    (own, error), (other, other_error) = accuracy[name], accuracy[baseline]
    if abs(own - other) <= _ERRORS * (error**2 + other_error**2) ** 0.5:
        return "not resolved"
    return "helps" if own > other else "hurts"


def closing(result, options):
    """Returns what the main job prints last of a `main_job.Result`; the last line loads the best dataset of its table.

    `options` are those of the command line that `tools.run_table` takes, too.
    """
    said = answer(result.scores)
    lines = [said, ""] if said else []
    nothing = "no accuracies: there are no images to score on, or the table has none of these variants"
    lines += [summary(result.scores, result.short) if result.scores else nothing, ""]
    lines += [f"{name}: {cards.shortfall(short)}" for name, short in result.short.items()]
    if result.left_out:
        lines.append(f"left out, neither written nor trained on: {', '.join(result.left_out)}")
    for gan, drawn in result.drawn.items():
        lines.append(f"{gan}: {cards.acceptance(result.class_names, drawn)}")
    if result.leaking:
        lines.append("the judge saw the source's whole train split: these accuracies leak")
    if result.skipped:
        lines.append(f"left out, unreadable: {', '.join(result.skipped)}")
    dataset = _tabled(result)
    lines += [f"grids of images: {result.grids_folder}", f"datasets: {dataset.data_dir / dataset.name}", ""]
    lines += [f"over seeds, with intervals: python -m tools.run_table {options} --rows={','.join(_rows(result))}", ""]
    name, folder = f"{dataset.name}/{dataset.variant}", str(dataset.data_dir.resolve())
    lines.append(f"tfds.load({name!r}, split='train', data_dir={folder!r}, as_supervised=True)")
    return "\n".join(lines) + "\n"


def _ranked(result):
    """Returns the names of the scored variants, the most accurate first."""
    scores = {row["variant"]: row.get("test") or row.get("held_out") for row in result.scores}
    return sorted((name for name, found in scores.items() if found), key=lambda name: -cells.accuracy(scores[name])[0])


def _tabled(result):
    """Returns the dataset to go on with: the most accurate one of the table, else the last one there is."""
    by_name = {dataset.variant: dataset for dataset in result.datasets}
    return by_name[(*_ranked(result), result.datasets[-1].variant)[0]]


def _rows(result):
    """Returns the rows to measure: the best one with GAN images, and what it has to beat."""
    best = [name for name in _ranked(result) if name not in ("real", "geo")][:1]
    beside = ["geo"] if not best or "_geo" in best[0] else []
    return ["real", *beside, "flip_crop", *best]
