"""What the cells say: the table with its statistics, and the words for each dataset's card.

Artefact: `table.json`, see `summarise`. Reads files alone, so that it also works while cells are still being made.
"""

import pathlib

import numpy as np

from tfgan_aug.core import artefacts
from tfgan_aug.evaluation import comparison
from tfgan_aug.experiments import table

FILE = "table.json"
SPLITS = ("test", "held_out")
BASELINES = ("real", "geo")


def summarise(workdir):
    """The table of a workdir, see `table_of`, which is also written to table.json."""
    made = table_of(workdir)
    artefacts.write_json(pathlib.Path(workdir) / FILE, made)
    return made


def table_of(workdir):
    """The table of a workdir, a dict.

    Accuracies, standard deviations and intervals in percent and points, times in minutes. Every row has the largest
    whole block of its finished cells, and the names of the unfinished ones.
    """
    workdir = pathlib.Path(workdir)
    state = table.state_of(workdir)
    hits = {row["name"]: finished(row, workdir) for row in state["rows"]}
    found = [_row(row, state, hits[row["name"]], workdir) for row in state["rows"]]
    strongest = _strongest(state["rows"], hits)
    for split in SPLITS:
        blocks = {name: block for name, block in hits.items() if block and split in block["hits"]}
        compared = comparison.compare_all(
            {name: of_split(block, split) for name, block in blocks.items()},
            tuple(dict.fromkeys([*BASELINES, *([strongest] if strongest else [])])),
            resamples=state["config"]["table"]["resamples"],
            # Few seeds, and their effects are large: the percentiles would be too sure.
            widen=True,
        )
        for row in found:
            if row["name"] in blocks:
                block = blocks[row["name"]]
                described = comparison.describe(block["hits"][split], block["labels"][split], len(state["classes"]))
                row["splits"][split] = {**described, "versus": compared.get(row["name"], {})}
    for row in found:
        _add_costs(row, found)
    made = {name: value for name, value in state.items() if name not in ("rows", "units", "classes")}
    made["source"]["classes"] = state["classes"]
    if claimed := made.get("claimed"):
        made["claimed"] = {**claimed, "found": _tested(claimed, hits, state["config"]["table"]["resamples"])}
    return made | {"strongest": strongest, "rows": found, **_units(state["units"], workdir)}


def _strongest(rows, hits):
    """The name of the most accurate row without generated images, on the primary split; None where there is none.

    Chosen by the very images that rows are compared on: that favours it, so a gain over it is no luck of the choice.
    """
    plain = {row["name"]: hits[row["name"]]["hits"] for row in rows if not row["gan"] and hits[row["name"]]}
    means = {name: next(own[split] for split in SPLITS if split in own).mean() for name, own in plain.items()}
    return max(means, key=means.get, default=None)


def _tested(claimed, hits, resamples):
    """What the primary split says of the claim, as `comparison.compare`; None until it is there."""
    pair = [hits.get(claimed[name]) for name in ("row", "against")]
    if not all(pair):
        return None
    split = next(split for split in SPLITS if split in pair[0]["hits"])
    compared = comparison.compare_all(
        {claimed[name]: of_split(block, split) for name, block in zip(("row", "against"), pair, strict=True)},
        (claimed["against"],),
        resamples=resamples,
        widen=True,
    )
    return {"split": split, **compared[claimed["row"]][claimed["against"]]}


def of_split(block, split):
    """The hits of a row's `finished` cells on one split, as `comparison.compare_all` takes a row."""
    return {"hits": block["hits"][split], **{name: block[name] for name in ("gan", "classifier_seeds")}}


def finished(row, workdir):
    """The hits of a row's finished cells as arrays (GAN seeds, classifier seeds, images), or None.

    The largest block in which every GAN seed has every classifier seed.
    """
    done = {}
    for cell in row["cells"]:
        if cell["folder"] and (workdir / cell["folder"]).is_dir():
            done.setdefault(cell["gan_seed"], {})[cell["classifier_seed"]] = workdir / cell["folder"]
    if not done:
        return None
    gan_seeds, seeds = largest_block(done)
    folders = [[done[gan_seed][seed] for seed in seeds] for gan_seed in gan_seeds]
    arrays = [[read_hits(folder) for folder in line] for line in folders]
    splits = [split for split in SPLITS if split in arrays[0][0]]
    for split in splits:
        for cell, folder in zip(sum(arrays, []), sum(folders, []), strict=True):
            if not np.array_equal(cell[f"{split}_labels"], arrays[0][0][f"{split}_labels"]):
                raise ValueError(f"{folder}: found other {split} images than in {folders[0][0]}")
    return {
        "gan": bool(row["gan"]),
        "gan_seeds": [seed for seed in gan_seeds if seed is not None],
        "classifier_seeds": seeds,
        "folders": sum(folders, []),
        "hits": {split: np.array([[cell[split] for cell in line] for line in arrays]) for split in splits},
        "labels": {split: arrays[0][0][f"{split}_labels"] for split in splits},
    }


def read_hits(folder):
    """Returns the content of a finished cell's hits.npz, a dict of arrays. Raises `UserError` where it is damaged."""
    with artefacts.loading(folder), np.load(folder / "hits.npz") as file:
        return dict(file)


def largest_block(done):
    """Returns (GAN seeds, classifier seeds), lists: the largest block in which each of the first has all of the second.

    `done` is {GAN seed or None: its classifier seeds}, none empty. Of blocks of as many cells the one with more GAN
    seeds, then with the first seeds in order. Searched exactly: the classifier seeds of a block that cannot be extended
    are those that some GAN seeds have in common, and every such set is tried.
    """
    shared = set()
    for own in map(frozenset, done.values()):
        shared |= {own} | {own & other for other in shared}
    blocks = []
    for seeds in shared - {frozenset()}:
        gan_seeds = sorted((seed for seed, own in done.items() if seeds.issubset(own)), key=lambda seed: seed or 0)
        blocks.append((-len(gan_seeds) * len(seeds), -len(gan_seeds), gan_seeds, sorted(seeds)))
    return min(blocks)[2:]


def _row(row, state, block, workdir):
    """A row of table.json, but for its splits and costs."""
    units = {}
    for unit in state["units"]:
        if unit["gan"] == row["gan"] and row["variant"] in unit["datasets"]:
            # The newest first: the pool may have grown since the others.
            units.setdefault(unit["seed"], unit)
    used = [unit for seed, unit in units.items() if block and (not row["gan"] or seed in block["gan_seeds"])]
    folders, apart = block["folders"] if block else [], row.get("tuned", {}).get("minutes", 0.0)
    results = [artefacts.read_json(folder / "result.json") for folder in folders]
    seconds = [artefacts.read_json(folder / "seconds.json") for folder in folders]
    apart += max((result.get("judge_minutes", 0.0) for result in results), default=0.0)
    unfinished = [
        ", ".join(
            ([f"GAN seed {cell['gan_seed']}"] if row["gan"] else []) + [f"classifier seed {cell['classifier_seed']}"]
        )
        for cell in row["cells"]
        if not cell["left_out"] and not (cell["folder"] and (workdir / cell["folder"]).is_dir())
    ]
    return {
        **{name: row[name] for name in ("name", "number", "group", "title", "gan", "paper", "paper_note", "plain")},
        "variant": row["variant"],
        **({"tuned": row["tuned"]} if row.get("tuned") else {}),
        "dataset": f"{state['source']['name']}_gan_aug/{row['variant']}",
        "digests": {_seed_name(seed): unit["datasets"][row["variant"]] for seed, unit in units.items()},
        "images": results[0]["images"] if results else None,
        "short": {
            _seed_name(seed): unit["short"][row["variant"]]
            for seed, unit in units.items()
            if row["variant"] in unit.get("short", ())
        },
        "gan_seeds": block["gan_seeds"] if block else [],
        "classifier_seeds": block["classifier_seeds"] if block else [],
        "planned": sum(not cell["left_out"] for cell in row["cells"]),
        "done": sum(bool(cell["folder"]) and (workdir / cell["folder"]).is_dir() for cell in row["cells"]),
        "left_out": sorted({str(cell["gan_seed"]) for cell in row["cells"] if cell["left_out"]}),
        "unfinished": unfinished,
        "cells": [folder.name for folder in folders],
        "make_minutes": float(np.mean([unit["minutes"][row["variant"]] for unit in used])) + apart if used else None,
        "train_minutes": float(np.mean(seconds) / 60) if seconds else None,
        "splits": {},
    }


def _seed_name(seed):
    return "-" if seed is None else str(seed)


def primary(row):
    """The scores that words are about: the whole test split's, else the held-out images'; None where there are none."""
    return next((row["splits"][split] for split in SPLITS if split in row["splits"]), None)


def _add_costs(row, found):
    """Minutes a point gained over row 1, and the cheapest row that is at least as accurate."""
    row["minutes_per_point"], row["cheapest"] = None, None
    scores = primary(row)
    if not scores:
        return
    difference = scores["versus"].get("real", {}).get("difference", 0.0)
    row["minutes_per_point"] = comparison.minutes_per_point(row["make_minutes"], difference)
    rivals = [
        (other["make_minutes"], -primary(other)["mean"], other["name"])
        for other in found
        if primary(other) and primary(other)["mean"] >= scores["mean"]
    ]
    minutes, mean, name = min(rivals)
    row["cheapest"] = {"row": name, "minutes": minutes, "accuracy": -mean}


def _units(units, workdir):
    """The part of table.json about the GANs: {"gans": {gan: {seed: ...}}, "grids": [...], "judge_curves": [...]}."""
    gans, grids, judges = {}, [], []
    for unit in units:
        found = sorted(path.relative_to(workdir) for path in (workdir / unit["folder"] / "grids").glob("*.png"))
        if not unit["gan"]:
            # Rows without geometric images have no grid of them.
            grids = max(grids, [str(path) for path in found], key=len)
            continue
        own = {name: unit[name] for name in ("stage", "pool", "curves", "draws_tp_fp", "confusion")}
        own |= {"captions": unit.get("captions", {})}
        own |= {"grids": [str(path) for path in found if path.name.startswith(unit["gan"])]}
        gans.setdefault(unit["gan"], {}).setdefault(str(unit["seed"]), {**own, "minutes": unit["gan_minutes"]})
        judges = [str(path.relative_to(workdir)) for path in sorted((workdir / unit["judge"]).glob("*.csv"))]
    return {"gans": gans, "grids": grids, "judge_curves": judges}
