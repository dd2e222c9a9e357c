"""What was found about each dataset, for its card: by a table about accuracies and costs, by measures about images.

Artefact: `measured.json` beside the shards, see `datasets.cards`.
"""

import pathlib

from tfgan_aug.datasets import augmented, cards
from tfgan_aug.evaluation import names
from tfgan_aug.experiments import gan_datasets, summaries


def record(made, workdir):
    """Records what a table (see `summaries.summarise`) found in the card of each dataset that a row uses as it is."""
    for row in made["rows"]:
        if not (row["plain"] and summaries.primary(row)):
            continue
        for seed, digest in row["digests"].items():
            folder = gan_datasets.data_dir(pathlib.Path(workdir), None if seed == "-" else seed)
            dataset = augmented.Dataset(folder, f"{made['source']['name']}_gan_aug", row["variant"])
            if dataset.digest == digest:
                cards.record(dataset, table=of_row(row, made))


def of_row(row, made):
    """Returns what a card says of a row of a table.

    {"accuracy", "sd", "se", "total", "versus": as the row's with the baseline's "accuracy" and "title", "classes":
    [{"class", "accuracy", "real"}], "gan_seeds", "classifier_seeds", "make_minutes", "train_minutes",
    "minutes_per_point", "cheapest": {"row", "title", "accuracy", "minutes"} or None where it is the row itself,
    "recipe", "steps", "protocol"}: accuracies in percent, "real" that of the real images alone.
    """
    scores, rows = summaries.primary(row), {other["name"]: other for other in made["rows"]}
    cheapest = None
    if row["cheapest"]["row"] != row["name"]:
        cheapest = {**row["cheapest"], "title": rows[row["cheapest"]["row"]]["title"]}
    real = summaries.primary(rows["real"]) if "real" in rows and row["name"] != "real" else None
    recalls = real["recall"] if real else [None] * len(scores["recall"])
    copied = ("gan_seeds", "classifier_seeds", "make_minutes", "train_minutes", "minutes_per_point")
    return {
        "accuracy": scores["mean"],
        **{name: scores[name] for name in ("sd", "se", "total")},
        "versus": {
            name: {**versus, "accuracy": summaries.primary(rows[name])["mean"], "title": rows[name]["title"]}
            for name, versus in scores["versus"].items()
        },
        "classes": [
            {"class": title, "accuracy": own, "real": other}
            for title, own, other in zip(made["source"]["classes"], scores["recall"], recalls, strict=True)
        ],
        **{name: row[name] for name in copied},
        "cheapest": cheapest,
        "recipe": made["config"]["classifier"]["recipe"],
        "steps": made["steps"],
        # Tables of earlier versions knew no other.
        "protocol": made.get("protocol", "equal_steps"),
    }


def of_images(record, reference_note, quantile):
    """Returns what a card says of a set of generated images, by its record in measures.json.

    {"images", "reference_note", "quantile": of the distances that near-copies fall below, "quality": [{"metrics":
    names, "classes": [{"class", "values"}]}], all classes first, "copying" and "patches": as in the record}.
    """
    quality = []
    for network, measured in record["quality"].items():
        values = [("all", measured["overall"]), *measured["classes"].items()]
        lines = [{"class": title, "values": [found[name] for name in names.SHOWN]} for title, found in values]
        quality.append({"metrics": [names.metric_name(name, network) for name in names.SHOWN], "classes": lines})
    found = {"images": record["images"], "reference_note": reference_note, "quantile": quantile}
    return {**found, "quality": quality, "copying": record["copying"], "patches": record["patches"]}
