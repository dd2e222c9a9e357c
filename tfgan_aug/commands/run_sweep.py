"""The command behind tools.run_sweep: runs a sweep's points as tables of their own, sums up, draws the curve.

Artefacts: `sweeps/<name>/sweep.json`, `sweep.csv` and `sweep.png` in the workdir, written again after every point; a
point's datasets in `sweeps/<name>/<digest>`. GANs, judges and cells are the workdir's, as for the table.
"""

import csv
import dataclasses
import io

import numpy as np

from tfgan_aug.config import settings
from tfgan_aug.core import artefacts, workdirs
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import sources, subsets
from tfgan_aug.datasets import variants
from tfgan_aug.evaluation import comparison
from tfgan_aug.experiments import sweeps, table
from tfgan_aug.experiments.rows import all_rows
from tfgan_aug.sampling import rules
from tfgan_aug.training import strategies, workers
from tfgan_aug.training.progress import Progress

_FIELDS = ("curve", "label", "x", "row", "images", "cells", "mean", "sd", "difference", "low", "high", "p")
_FIELDS += ("acceptance", "margin", "confidence", "recall", "recall_difference", "recall_low", "recall_high")


@dataclasses.dataclass(frozen=True)
class Options:
    """What the command line says beside the config."""

    sweep: str
    workdir: str
    seeds: str = ""
    gan_seeds: str = ""
    classifier_seeds: str = ""
    gans: str = ""
    strategy: str = "auto"
    dry_run: bool = False
    skip_unreadable: bool = False


def run(config, options):
    """Runs the points that are missing; gives what the user reads. Raises `UserError` for what the user can mend."""
    names = sweeps.parse(options.sweep)
    # The rows are the sweep's: any stands in.
    config, choice = table.choose(
        config, "real", options.seeds, options.gan_seeds, options.classifier_seeds, options.gans
    )
    strategies.set_up(config.seed)
    progress = Progress()
    with (
        workers.using(options.strategy) as strategy,
        workdirs.open_workdir("--workdir", options.workdir, shared=True) as workdir,
    ):
        source = sources.open_configured(config, options.skip_unreadable)
        classes = len(source.class_names)
        if not config.rare_class:
            # Sweep `rare` needs one, the others do without.
            config = sweeps.changed(config, rare_class=source.class_names[0])
        available = int(np.bincount(source.train.labels, minlength=classes).min()) - config.test_per_class
        found = {name: sweeps.points(name, config, available, classes) for name in names}
        job = _Job(config, choice, workdir, source, strategy, progress)
        # Every point is checked before the first one works.
        for points in found.values():
            for point in points:
                job.subset(point.config)
        if options.dry_run:
            return "\n".join(_plan(name, points, choice) for name, points in found.items()) + "\n"
        return "\n".join(job.sweep(name, points) for name, points in found.items())


def _plan(name, points, choice):
    cells = sum(len(choice.classifier_seeds) * (len(choice.gan_seeds) if p.rows[0].variant.gan else 1) for p in points)
    labels = ", ".join(f"{point.curve} {point.label}" for point in points)
    return f"{name}: {len(points)} points ({labels}), up to {cells} trainings of classifiers and as many of row real"


class _Job:
    def __init__(self, config, choice, workdir, source, strategy, progress):
        self.config, self.choice, self.workdir, self.source = config, choice, workdir, source
        self.strategy, self.progress, self._subsets = strategy, progress, {}

    def subset(self, config):
        """The subset that a point's config chooses, read once."""
        keys = ("train_per_class", "test_per_class", "rare_class", "rare_share", "seed")
        key = tuple(config[name] for name in keys)
        if key not in self._subsets:
            self._subsets[key] = subsets.read(self.source, config)
        return self._subsets[key]

    def sweep(self, name, points):
        """Runs a sweep, point by point; gives its table and answer in words."""
        folder, records = self.workdir / "sweeps" / name, []
        folder.mkdir(parents=True, exist_ok=True)
        for number, point in enumerate(points, start=1):
            self.progress.note(f"sweep {name}, point {number} of {len(points)}: {point.curve} {point.label}")
            record = self.point(folder, point, name)
            if record:
                records.append(record)
            made = self._write(folder, name, records, len(points))
        return f"{text(made)}\n\n{folder / 'sweep.csv'}, {folder / 'sweep.png'}\n"

    def point(self, folder, point, name):
        """A point's record (see `_FIELDS`), or None where too few images were accepted for any."""
        real = next(row for row in all_rows(settings.GANS) if row.name == "real")
        wanted = (real, *(row for row in point.rows if row.name != "real"))
        digest = artefacts.digest({"config": point.config.to_dict(), "rows": [row.name for row in wanted]})
        choice = dataclasses.replace(self.choice, rows=wanted)
        made = table.Table(
            point.config,
            choice,
            self.workdir,
            self.strategy,
            self.source,
            self.subset(point.config),
            self.progress,
            {},
            allow_shortfall=True,
            home=folder / digest,
        )
        (folder / digest).mkdir(parents=True, exist_ok=True)
        made.check()
        made.begin()
        made.work()
        hits, labels, results, images = _hits(made)
        row = point.rows[0]
        if row.name not in hits or (row.variant.gan and images[row.name] <= images["real"]):
            self.progress.note(f"{name}, {point.curve} {point.label}: left out, too few images were accepted")
            return None
        own, base = hits[row.name], hits["real"]
        classes = len(self.source.class_names)
        described = comparison.describe(own, labels, classes)
        record = {**dict.fromkeys(_FIELDS), "curve": point.curve, "label": point.label, "x": point.x, "row": row.name}
        record |= {"images": images[row.name], "cells": int(own.shape[0] * own.shape[1])}
        record |= {"mean": described["mean"], "sd": described["sd"], "datasets": results[row.name]}
        gan = bool(row.variant.gan)
        # The baseline itself differs from nothing.
        if row.name != "real":
            record |= _compared(own, base, gan, point.config.table.resamples)
        if name == "rare":
            mine = labels == self.source.class_names.index(self.config.rare_class)
            record["recall"] = 100 * float(own[:, :, mine].mean())
            if row.name != "real":
                rare = _compared(own[:, :, mine], base[:, :, mine], gan, point.config.table.resamples)
                record |= {f"recall_{field}": rare[field] for field in ("difference", "low", "high")}
        if gan:
            record |= _drawn(made, row)
            if record["x"] is None and name == "threshold":
                record["x"] = record["margin"]
        return record

    def _write(self, folder, name, records, total):
        title, x_label, log = sweeps.SWEEPS[name]
        made = {"sweep": name, "title": title, "x_label": x_label, "log": log, "points": records, "planned": total}
        made["rare_class"] = self.config.rare_class
        made["config"] = {key: value for key, value in self.config.to_dict().items() if key != "source_data_dir"}
        made["answer"] = answer(name, records)
        artefacts.write_json(folder / "sweep.json", made)
        lines = io.StringIO()
        writer = csv.DictWriter(lines, _FIELDS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)
        artefacts.write_text(folder / "sweep.csv", lines.getvalue())
        draw(folder / "sweep.png", made)
        return made


def _hits(made):
    """({row: hits bool (G, C, N)}, labels (N,), {row: digests of its datasets}, {row: images}) of a finished table."""
    cells, digests, images, labels = {}, {}, {}, None
    for row, gan_seed, _, cell in made.cells():
        if cell is None:
            continue
        folder = cell.stage(made.workdir).path
        with np.load(folder / "hits.npz") as file:
            split = "test" if "test" in file else "held_out"
            cells.setdefault(row.name, {}).setdefault(gan_seed, []).append(file[split])
            labels = file[f"{split}_labels"]
        digests.setdefault(row.name, []).append(cell.dataset.digest)
        images[row.name] = artefacts.read_json(folder / "result.json")["images"]
    if labels is None:
        raise UserError(
            "--config.test_per_class: found 0 and a source without a test split, expected images to score on"
        )
    hits = {name: np.array(list(by_seed.values())) for name, by_seed in cells.items()}
    return hits, labels, {name: sorted(set(found)) for name, found in digests.items()}, images


def _compared(own, base, gan, resamples):
    compared = comparison.compare(own, base, gan=gan, resamples=resamples, widen=True)
    return {name: compared[name] for name in ("difference", "low", "high", "p")}


def _drawn(made, row):
    """{"acceptance": share of draws, "margin", "confidence": means of the row's generated images}, over GAN seeds.

    The acceptance is the mean of the classes' shares, of the draws that their quotas took: of the classes that accept
    few, more were drawn. Draws that a later run adds to the pool change nothing.
    """
    shares, margins, confidences = [], [], []
    code = rules.VERDICTS.index("fp" if "fp" in row.variant.verdicts else "tp")
    for unit in made.units.values():
        if unit.gan != row.variant.gan:
            continue
        # Classes that need no image were not drawn.
        shares += [counts[code] / counts[0] for counts in unit.record()["draws_tp_fp"] if counts[0]]
        names = row.generated_ids(unit.dataset(row.variant))
        drawn = np.array([variants.parse_name(name) for name in names]).reshape(-1, 2)
        for label in np.unique(drawn[:, 0]):
            found = unit.job.pool(unit.gan).probabilities(label, np.sort(drawn[drawn[:, 0] == label, 1]))
            margins.append(rules.margins(label, found))
            confidences.append(found.max(axis=1))
    found = {"acceptance": float(np.mean(shares)) if shares else None, "margin": None, "confidence": None}
    if margins:
        found |= {"margin": float(np.concatenate(margins).mean())}
        found |= {"confidence": float(np.concatenate(confidences).mean())}
    return found


def answer(name, records):
    """What the points say, in a sentence or two."""
    field = "recall_difference" if name == "rare" else "difference"
    low, high = ("recall_low", "recall_high") if name == "rare" else ("low", "high")
    compared = [record for record in records if record[field] is not None]
    if not compared:
        return "No point is finished yet."
    what = "the rare class's recall" if name == "rare" else "accuracy"
    best = max(compared, key=lambda record: record[field])
    gains = sum(record[low] > 0 for record in compared)
    losses = sum(record[high] < 0 for record in compared)
    words = f"Most {what} with {best['curve']} at {best['label']}: {best[field]:+.1f} points over real images alone, "
    words += f"95 % {best[low]:+.1f} to {best[high]:+.1f}. Of {len(compared)} points {gains or 'none'} gain and "
    words += f"{losses or 'none'} lose beyond their intervals (not corrected for their number)."
    same = [r for r in compared if r["curve"] == best["curve"] and r["x"] is not None and best["x"] is not None]
    near = [record for record in same if record[high] >= best[field]]
    if name in ("generated", "budget", "real") and near and best[low] > 0:
        first = min(near, key=lambda record: record["x"])
        words += f" From {first['label']} on, its curve is no longer told apart from its best."
    return words


def text(made):
    """A Markdown table of the points, and the answer."""
    head = ["curve", "point", "images", "accuracy", "to real, 95 %", "acceptance", "margin"]
    head += ["recall of the rare class"] if made["sweep"] == "rare" else []
    lines = [head, ["---"] * len(head)]
    for r in made["points"]:
        spread = "" if r["sd"] is None else f" ± {r['sd']:.1f}"
        versus = "-" if r["difference"] is None else f"{r['difference']:+.1f} [{r['low']:+.1f}, {r['high']:+.1f}]"
        cells = [r["curve"], r["label"], f"{r['images']:,}", f"{r['mean']:.1f}{spread}", versus]
        cells += ["-" if r["acceptance"] is None else f"{r['acceptance']:.0%}"]
        cells += ["-" if r["margin"] is None else f"{r['margin']:+.2f}"]
        if made["sweep"] == "rare":
            change = r["recall_difference"]
            own = "" if change is None else f" ({change:+.1f} [{r['recall_low']:+.1f}, {r['recall_high']:+.1f}])"
            cells.append(f"{r['recall']:.1f}{own}")
        lines.append(cells)
    table_text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"{made['title']}\n\n{table_text}\n\n{made['answer']}"


def draw(path, made):
    """Writes the curve with 95 % intervals of the differences to real images alone as a PNG file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    prefix = "recall_" if made["sweep"] == "rare" else ""
    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.axhline(0, color="0.5", linewidth=1)
    found = [record for record in made["points"] if record[f"{prefix}difference"] is not None]
    names = [record["label"] for record in found] if any(record["x"] is None for record in found) else None
    for curve in dict.fromkeys(record["curve"] for record in found):
        own = [record for record in found if record["curve"] == curve]
        x = [record["x"] for record in own] if names is None else [names.index(record["label"]) for record in own]
        order = np.argsort(x)
        y, low, high = (
            np.array([own[i][f"{prefix}{field}"] for i in order]) for field in ("difference", "low", "high")
        )
        x = np.array(x, float)[order]
        axes.errorbar(x, y, np.maximum([y - low, high - y], 0), marker="o", capsize=3, label=curve)
    if names is not None:
        axes.set_xticks(range(len(names)), names, rotation=15, ha="right")
        axes.set_xlim(-0.5, len(names) - 0.5)
    elif made["log"] and found:
        axes.set_xscale("log")
        ticks = sorted({record["x"] for record in found})
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    axes.set_xlabel(made["x_label"])
    what = f"recall of {made['rare_class']}" if prefix else "accuracy"
    axes.set_ylabel(f"{what}, points over real alone")
    axes.set_title(made["title"])
    if found:
        axes.legend()
    figure.savefig(path, dpi=120)
