"""table_text."""

import pathlib

from tfgan_aug.datasets import augmented, cards
from tfgan_aug.experiments import gan_datasets, summaries


def write_cards(made, workdir):
    """Writes what was measured into the card of each dataset that a row uses as it is."""
    for row in made["rows"]:
        if not (row["plain"] and summaries.primary(row)):
            continue
        name = made["source"]["name"]
        for seed, digest in row["digests"].items():
            folder = gan_datasets.data_dir(pathlib.Path(workdir), None if seed == "-" else seed)
            dataset = augmented.Dataset(folder, f"{name}_gan_aug", row["variant"])
            if dataset.digest == digest:
                cards.record(dataset, *words(row, made))


def words(row, made):
    """(one sentence, lines of Markdown): what was measured for the dataset of a row."""
    scores, classes = summaries.primary(row), made["source"]["classes"]
    kinds = [("GAN", row["gan_seeds"])] if row["gan"] else []
    kinds.append(("classifier", row["classifier_seeds"]))
    seeds = " and ".join(f"{len(own)} {kind} seed{'' if len(own) == 1 else 's'}" for kind, own in kinds)
    spread = "" if scores["sd"] is None else f", standard deviation over seeds {scores['sd']:.1f}"
    accuracy = f"{scores['mean']:.1f} % of {scores['total']:,} test images"
    lines = [f"* Accuracy: {accuracy} (standard error {scores['se']:.1f}{spread}; {seeds})."]
    sentences = []
    titles = {"real": "real images alone", "geo": "real and geometric images"}
    for name, versus in scores["versus"].items():
        lines.append(f"* Against {titles[name]}: **{versus['verdict']}**, {interval(versus)}.")
        sentences.append(f"{versus['verdict']} against {titles[name]} ({interval(versus)})")
    minutes = f"{row['make_minutes']:.1f} minutes to make the added images"
    if row["minutes_per_point"] is not None:
        minutes += f", {row['minutes_per_point']:.1f} minutes a point gained"
    lines.append(f"* Cost: {minutes}; {row['train_minutes']:.1f} to train.")
    cheapest = row["cheapest"]
    if cheapest["row"] == row["name"]:
        lines.append("* No cheaper row of the table is as accurate.")
    else:
        title = next(other["title"] for other in made["rows"] if other["name"] == cheapest["row"])
        lines.append(
            f"* The cheapest means that gives the same: {title} (`{cheapest['row']}`), {cheapest['accuracy']:.1f} % "
            f"for {cheapest['minutes']:.1f} minutes."
        )
    section = made["config"]["classifier"]
    lines.append(f"* Classifier: recipe `{section['recipe']}`, {made['steps']:,} steps for every row.")
    real = next((summaries.primary(other) for other in made["rows"] if other["name"] == "real"), None)
    lines += ["", "| class | accuracy (%) | against real images alone (points) |", "| --- | --- | --- |"]
    for label, name in enumerate(classes):
        own, other = scores["recall"][label], real["recall"][label] if real else None
        change = "-" if None in (own, other) or row["name"] == "real" else f"{own - other:+.1f}"
        lines.append(f"| {name.replace('|', chr(92) + '|')} | {'-' if own is None else f'{own:.1f}'} | {change} |")
    sentence = "; ".join(sentences) or "the baseline"
    return f"{accuracy}; {sentence}; {minutes}.", lines


def interval(versus):
    """A difference in words, such as `-1.2 points, 95 % -2.0 to -0.3 (one GAN seed)`."""
    scope = f" ({versus['scope']})" if versus["scope"] else ""
    return f"{versus['difference']:+.1f} points, 95 % {versus['low']:+.1f} to {versus['high']:+.1f}{scope}"


def markdown(made):
    """The table on the primary split as Markdown."""
    head = ["row", "training set", "images", "paper (%)", "ours (%)", "cells"]
    head += ["against real (points)", "against geo (points)", "minutes", "minutes a point"]
    lines = [head, ["---"] * len(head)]
    for row in made["rows"]:
        scores = summaries.primary(row)
        cells = [str(row["number"] or "-"), row["name"], f"{row['images']:,}" if row["images"] else "-"]
        cells.append(f"{row['paper']:.1f}" if row["paper"] else row["paper_note"] or "-")
        if scores is None:
            cells += ["left out" if row["left_out"] else "-", f"0 of {row['planned']}", *["-"] * 4]
        else:
            spread = f" +- {scores['sd']:.1f}" if scores["sd"] is not None else ""
            cells += [f"{scores['mean']:.1f}{spread}", f"{row['done']} of {row['planned']}"]
            for name in summaries.BASELINES:
                versus = scores["versus"].get(name)
                cells.append(
                    f"{versus['difference']:+.1f} [{versus['low']:+.1f}, {versus['high']:+.1f}] {versus['verdict']}"
                    if versus
                    else "-"
                )
            point = row["minutes_per_point"]
            cells += [f"{row['make_minutes']:.1f}", "-" if point is None else f"{point:.1f}"]
        lines.append(cells)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def unfinished(made):
    """The unfinished cells, one text each: `dcgan_tp: GAN seed 1, classifier seed 2`."""
    return [f"{row['name']}: {cell}" for row in made["rows"] for cell in row["unfinished"]]
