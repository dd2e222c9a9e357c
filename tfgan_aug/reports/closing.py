"""What the main job says at the end: whether generated images helped, the accuracies, where things lie.

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
    """Returns a table: row, images, accuracy on the test split and on the held-out images, minutes.

    `rows` are those of `main_job.Result.scores`. `short` are the images that variants lack, see `cards.shortfall`.
    """
    head = ("training set", "images", "test split (%)", "held out (%)", "minutes to make", "minutes to train")
    lines = []
    for row in rows:
        scores = [percent(row.get(split)) for split in ("test", "held_out")]
        minutes = [f"{row[name]:.1f}" for name in ("make_minutes", "train_minutes")]
        lack = {} if row["fresh"] else short.get(row["variant"], {})
        lack = sum(wanted - found for found, wanted in lack.values())
        images = f"{row['images']:,} of {row['images'] + lack:,}" if lack else f"{row['images']:,}"
        lines.append((row["row"], images + " and new ones" * row["fresh"], *scores, *minutes))
    return markdown.table(head, lines, padded=True)


def answer(rows):
    """Returns the answer that one training of each row gives, as Markdown; "" where there is nothing to compare."""
    scored = {row["row"]: row for row in rows if _scores(row)}
    accuracy = {name: cells.accuracy(_scores(row)) for name, row in scored.items()}
    plain = [name for name, row in scored.items() if not row["gan"]]
    base = max(plain, key=lambda name: accuracy[name][0], default=None)
    compared = [
        answer_text.Compared(
            name, 100 * accuracy[name][0], base, 100 * accuracy[base][0], _verdict(name, base, accuracy)
        )
        for name, row in scored.items()
        if row["gan"] and base
    ]
    against = {name: _verdict(name, "real", accuracy) for name in accuracy} if "real" in accuracy else {}
    titles = {
        name: "real images, some generated ones in their place, new in every step" if row["fresh"] else "both together"
        for name, row in scored.items()
    }
    parts = [answer_text.verdict(compared)] if compared else []
    parts.append(answer_text.advice({name: 100 * share for name, (share, _) in accuracy.items()}, against, titles))
    if compared:
        parts.append("Each was trained once; `python -m tools.run_table` repeats it over seeds.")
        parts.append(answer_text.to_try(compared))
    return "\n".join(part for part in parts if part)


def _scores(row):
    return row.get("test") or row.get("held_out")


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
    # Names of classes and files stand in a Markdown file, too.
    lines += [f"{name}: {markdown.escaped(cards.shortfall(short))}" for name, short in result.short.items()]
    if result.left_out:
        lines.append(f"left out, neither written nor trained on: {', '.join(result.left_out)}")
    for gan, drawn in result.drawn.items():
        lines.append(f"{gan}: {markdown.escaped(cards.acceptance(result.class_names, drawn))}")
    warnings = (*result.faults, *result.little_variety.values())
    lines += [f"warning: {markdown.escaped(words)}" for words in warnings if words]
    if guessing := [row["row"] for row in result.scores if row.get("at_chance")]:
        lines.append(f"warning: no better than guessing, so their accuracies say nothing: {', '.join(guessing)}")
    if result.leaking:
        lines.append(f"{result.leaking} saw the source's whole train split: these accuracies leak")
    if result.skipped:
        lines.append(f"left out, unreadable: {markdown.escaped(', '.join(result.skipped))}")
    dataset, best = _tabled(result), (_ranked(result) or [None])[0]
    lines += [f"grids of images: {result.grids_folder}", f"datasets: {dataset.data_dir / dataset.name}", ""]
    lines += [f"over seeds, with intervals: python -m tools.run_table {options} --rows={','.join(_rows(result))}", ""]
    if best and best["fresh"]:
        folder = str(result.generators[best["gan"]].resolve())
        lines.append(f"tfgan_aug.stream((images, labels), {folder!r}, steps=...)  # for model.fit, as {best['row']}")
    name, folder = f"{dataset.name}/{dataset.variant}", str(dataset.data_dir.resolve())
    lines.append(f"tfds.load({name!r}, split='train', data_dir={folder!r}, as_supervised=True)")
    return "\n".join(lines) + "\n"


def _ranked(result):
    """Returns the scored rows, the most accurate first."""
    scored = [row for row in result.scores if _scores(row)]
    return sorted(scored, key=lambda row: -cells.accuracy(_scores(row))[0])


def _tabled(result):
    """Returns the dataset to go on with: that of the most accurate row, else the last one there is.

    Of images that are new in every step the real ones are the dataset.
    """
    by_name = {dataset.variant: dataset for dataset in result.datasets}
    for row in _ranked(result):
        name = "real" if row["fresh"] else row["variant"]
        if name in by_name:
            return by_name[name]
    return result.datasets[-1]


def _rows(result):
    """Returns the rows to measure: the best one with generated images, and what it has to beat."""
    best = [row["row"] for row in _ranked(result) if row["gan"]][:1]
    return ["real", "pixel_mix", "mixup", *best]
