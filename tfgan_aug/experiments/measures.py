"""What generated images are: quality and copying of every dataset's generated images, against real ones.

Artefacts: `measures/<key>.json` and `measures/<key>.png` (the closest pairs) for each set of generated images,
whichever datasets hold it; `measures.json`, all of them together, see `measure`.
"""

import collections
import functools

import numpy as np

from tfgan_aug.classifiers import judges
from tfgan_aug.core import artefacts, pixels
from tfgan_aug.core.errors import UserError
from tfgan_aug.datasets import augmented, cards
from tfgan_aug.evaluation import copying, features, quality
from tfgan_aug.experiments import feature_stage, findings, judge_stage

VERSION = 2
FILE = "measures.json"
# Near-copies are closer to a training image than this share of real images is.
QUANTILE = 0.01


class Measurer:
    """Measures sets of generated images of one subset; networks and the real images' features are computed once.

    `reference_note` says why there are no reference images, else is empty: then the judge's features alone are there,
    and the training images stand in for the reference, so that a copy looks perfect.
    """

    def __init__(self, run):
        self.config, self.workdir, self.source, self.progress = run.config, run.workdir, run.source, run.progress
        self.folder, self.subset_stage, config = run.workdir / "measures", run.subset_stage, run.config
        self.train, self.networks, self.reference_note, reference = run.subset.train, {}, "", ""
        # First, for it may not be there.
        path = config.metrics.inception
        inception = {"inception": features.Inception("--config.metrics.inception", path)} if path else {}
        try:
            feature_stage.choose(run.source, run.subset, config.metrics, config.seed)
        except UserError as error:
            self.reference_note = str(error).partition(": ")[2]
            self.reference, self.labels = self.train.images, self.train.labels
        else:
            stage = feature_stage.stage(run)
            stage.ensure(lambda: feature_stage.make(stage, run), run.progress.note)
            self.networks["cnn"], self.reference, self.labels = feature_stage.reporting(stage.path)
            reference = stage.digest
        judge = judge_stage.stage(run)
        if judge.done:
            self.networks["judge"] = features.Network("judge", judges.Judge(judge.path, 1).members)
        self.networks |= inception
        if not self.networks:
            raise UserError(f"--workdir: found neither a judge nor unused images ({self.reference_note})")
        self.known = {
            name: (network(self.train.images), self._of_reference(network)) for name, network in self.networks.items()
        }
        self.held = {"version": VERSION, "subset": self.subset_stage.digest, "pairs": config.metrics.pairs}
        self.held["reference"] = reference
        self.held["networks"] = {name: network.digest for name, network in self.networks.items()}

    def _of_reference(self, network):
        return network(self.reference)

    def sets(self, roots):
        """{key: (name, provenance, [datasets], images, labels)} of the generated images in datasets under `roots`.

        Datasets of another subset are passed over, with a note.
        """
        found, others = {}, 0
        for dataset in datasets_in(roots):
            provenance = artefacts.read_json(dataset.path / augmented.PROVENANCE)
            if not provenance.get("pool"):
                continue
            if provenance["subset"] != self.subset_stage.digest:
                others += 1
                continue
            images, labels, ids, origin = dataset.load("train", "image", "label", "id", "origin")
            made = np.flatnonzero(~np.isin(origin, ("real", "geometric")))
            made = made[np.argsort(ids[made])]
            key = artefacts.digest(
                {"pool": provenance["pool"], "ids": ids[made].tolist(), "labels": labels[made].tolist()}
            )
            found.setdefault(key, (provenance, [], images[made], labels[made]))[1].append(dataset)
        if others:
            self.progress.note(f"{others} datasets of other subsets were not measured; give their config")
        return found

    def measure(self, key, provenance, held_by, images, labels):
        """The record of one set, from its file where it is there already; a dict for JSON."""
        path = self.folder / f"{key}.json"
        if path.exists():
            record = artefacts.read_json(path)
            overall = [space["overall"] for space in record["quality"].values()]
            # A metric that is newer than the file has no number in it.
            if record["made_with"] == self.held and all(set(quality.NAMES) <= set(found) for found in overall):
                return record | _held(held_by)
        made = {name: network(images) for name, network in self.networks.items()}
        names = self.source.class_names
        spaces = {}
        for name, values in made.items():
            features.check_same(values, self.known[name][1])
            spaces[name] = quality.measure(self.known[name][1].values, values.values, self.labels, labels, names)
        self.folder.mkdir(exist_ok=True)
        record = {
            "made_with": self.held,
            "key": key,
            "gan": next(name for name in provenance["variant"].split("_") if name),
            "gan_seed": provenance.get("gan_seed"),
            "pool": provenance["pool"],
            "images": len(images),
            "quality": spaces,
            "copying": self._copying(images, labels, made),
            "patches": self._patches(images),
            "pairs": f"measures/{key}.png",
        }
        self._save_pairs(self.folder / f"{key}.png", images, made)
        artefacts.write_json(path, record)
        # As the file has it, so that a run that finds it prints the same.
        return artefacts.read_json(path) | _held(held_by)

    def _copying(self, images, labels, made):
        """{space: {...}}: pixels, and the features of the reporting network (else the judge's)."""
        best = "cnn" if "cnn" in made else "judge" if "judge" in made else "inception"
        flat = lambda values: np.asarray(values, np.float32).reshape(len(values), -1)  # noqa: E731
        spaces = {
            "pixels": (flat(self.train.images), flat(self.reference), flat(images)),
            best: (self.known[best][0].values, self.known[best][1].values, made[best].values),
        }
        found = {}
        for space, (train, reference, fake) in spaces.items():
            thresholds = {"training images": copying.threshold(train, QUANTILE)}
            if not self.reference_note:
                thresholds["unused images"] = copying.threshold(train, QUANTILE, others=reference)
            own = {"authenticity": copying.authenticity(train, fake), "thresholds": {}}
            for name, limit in thresholds.items():
                near = copying.near_copies(train, fake, limit)
                classes = {
                    title: float(near[labels == label].mean()) if (labels == label).any() else None
                    for label, title in enumerate(self.source.class_names)
                }
                own["thresholds"][name] = {"limit": float(limit), "share": float(near.mean()), "classes": classes}
            own["ct"], own["why"] = None, ""
            if self.reference_note:
                own["why"] = self.reference_note
            else:
                try:
                    own["ct"] = float(copying.ct_test(train, reference, fake))
                except UserError as error:
                    own["why"] = str(error)
            found[space] = own
        return found

    def _patches(self, images):
        """{"copied": share of the generated patches, "unused": of the unused images'; None where they are unknown}."""
        unused, known = self._known_patches
        return {"copied": known.copied(images), "unused": unused}

    @functools.cached_property
    def _known_patches(self):
        """(The share of the unused images' patches that are copied or None, the `copying.TrainingPatches`)."""
        known = copying.TrainingPatches(np.asarray(self.train.images), QUANTILE)
        return None if self.reference_note else known.copied(self.reference), known

    def _save_pairs(self, path, images, made):
        """Draws the closest pairs: a generated image over its nearest training image, by pixels, then by features."""
        best = "cnn" if "cnn" in made else "judge" if "judge" in made else "inception"
        rows, names = [], []
        train = np.asarray(self.train.images)
        flat = lambda values: np.asarray(values, np.float32).reshape(len(values), -1)  # noqa: E731
        for space, own in (
            ("pixels", (flat(train), flat(images))),
            (best, (self.known[best][0].values, made[best].values)),
        ):
            fake, real, _ = copying.closest_pairs(*own, min(self.config.metrics.pairs, len(images)))
            rows += [images[fake], train[real]]
            names += [f"{space}: generated", "nearest real"]
        pixels.save_grid(path, rows, names)


def datasets_in(roots):
    """The datasets of this library under folders, sorted by path, each once."""
    found = {dataset.path: dataset for root in roots for dataset in augmented.found_in(root) if dataset.digest}
    return [found[path] for path in sorted(found)]


def _held(held_by):
    names = sorted({dataset.variant for dataset in held_by})
    return {"variants": names, "datasets": sorted({dataset.digest for dataset in held_by})}


def measure(run, roots):
    """Measures every set of generated images of the config's subset; writes measures.json and the datasets' cards.

    Returns {"sets": [record], "classes", "reference_note": why there are no reference images, else empty}; a record has
    "quality" ({network: see `metrics.quality.measure`}), "copying" ({space: authenticity, thresholds, ct}), "pairs" (a
    PNG, relative to the workdir), "variants" and "datasets" (names and digests of those that hold it).
    """
    measurer, workdir, progress = Measurer(run), run.workdir, run.progress
    records = []
    for key, (provenance, held_by, images, labels) in measurer.sets(roots).items():
        if not len(images):
            continue
        with progress.task(f"measured {held_by[0].variant}: {len(images):,} generated images"):
            records.append(measurer.measure(key, provenance, held_by, images, labels))
        for dataset in held_by:
            found = findings.of_images(records[-1], measurer.reference_note, QUANTILE)
            cards.record(dataset, {"closest_pairs.png": workdir / records[-1]["pairs"]}, images=found)
    if not records:
        raise UserError(
            "--workdir: found no dataset with generated images of this config, expected tools.build_dataset's"
        )
    made = {
        "version": VERSION,
        "classes": list(run.source.class_names),
        "reference_note": measurer.reference_note,
        "reference_images": len(measurer.reference),
        "training_images": len(measurer.train.ids),
        "sets": records,
    }
    artefacts.write_json(workdir / FILE, made)
    return made


def sweep_points(workdir):
    """Yields (digest of a dataset, name of a sweep, point) of every measured point of a workdir's sweeps."""
    for path in sorted((workdir / "sweeps").glob("*/sweep.json")):
        for point in artefacts.read_json(path)["points"]:
            yield from ((digest, path.parent.name, point) for digest in point.get("datasets") or ())


def titles(sets, workdir):
    """What a reader tells the sets apart by: variants and, where others have those too, the point of a sweep."""
    points = {}
    for digest, sweep, point in sweep_points(workdir):
        points.setdefault(digest, f"{sweep}: {point['label']}")
    names = [", ".join(record["variants"]) for record in sets]
    shared = collections.Counter((name, record["gan_seed"]) for name, record in zip(names, sets, strict=True))
    made = []
    for name, record in zip(names, sets, strict=True):
        point = next((points[digest] for digest in record["datasets"] if digest in points), "")
        made.append(f"{name} ({point})" if point and shared[name, record["gan_seed"]] > 1 else name)
    return made
