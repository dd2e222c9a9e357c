"""Audits: what lies in a workdir, a folder of datasets or a dataset, compared with what was recorded of it.

Makes no file.
"""

import collections
import dataclasses
import json
import pathlib

import numpy as np

from tfgan_aug.classifiers import judges
from tfgan_aug.core import artefacts, manifests, pixels, streams
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import subsets
from tfgan_aug.datasets import augmented, examples, records, verification
from tfgan_aug.experiments import summaries
from tfgan_aug.sampling import filling, pools, saved_models

# Blocks of a pool that are drawn again, unless all are.
_SAMPLE = 8
# Two machines, or two sizes of batches, round differently: grey levels, and the judge's probabilities.
_LEVELS, _PROBABILITIES = 1, 1e-2


@dataclasses.dataclass(frozen=True)
class Problem:
    """Something that is not as recorded: where, what in words, and what the user can do."""

    path: pathlib.Path
    found: str
    remedy: str

    def __str__(self):
        return f"{self.path}: {self.found}; {self.remedy}"


class Audit:
    """What was looked at so far, `counts` by its kind, and the `problems` found.

    With `full` every block is drawn again. `note` takes a line for each thing before it is looked at.
    """

    def __init__(self, full=False, note=lambda text: None):
        self.full, self.note = full, note
        self.counts, self.problems = collections.Counter(), []

    def look(self, path):
        """Looks at a workdir, a folder of datasets, a dataset, or one stage. Raises `UserError` where it is none."""
        path = pathlib.Path(path)
        if not path.is_dir():
            raise UserError(f"{path}: found no folder, expected a workdir, a folder of datasets or a dataset")
        if (path / augmented.PROVENANCE).exists() or (path / verification.SUMS).exists():
            return self._dataset(path)
        # Pools last: what they are drawn with has been looked at by then.
        stages = sorted(
            (found.parent for found in path.rglob(artefacts.DESCRIPTION)), key=lambda own: (_is_pool(own), own)
        )
        datasets = [dataset.path for dataset in augmented.found_in(path)]
        if not stages and not datasets:
            raise UserError(f"{path}: found nothing of tfgan_aug, expected a workdir, datasets or a dataset")
        for stage in stages:
            self._stage(stage)
        for dataset in datasets:
            self._dataset(dataset)
        for results in sorted({found.parent for found in path.rglob("*.json") if _holds_stages(found.parent)}):
            self._results(results)
        return None

    def _problem(self, path, found, remedy):
        self.problems.append(Problem(path, found, remedy))

    def _stage(self, path):
        """Looks at a stage: its name, its files, and of a pool what its blocks hold."""
        if path.suffix == ".partial":
            self.counts["unfinished"] += 1
            return
        self.note(str(path))
        remedy, before = "remove the folder and run the command again", len(self.problems)
        try:
            described = artefacts.read_json(path / artefacts.DESCRIPTION)
            name = f"{described['stage']}-{artefacts.digest(described)}"
        except (UserError, KeyError, TypeError):
            name = ""
        if name != path.name:
            self._problem(path, f"{artefacts.DESCRIPTION} was changed: it is not that of {path.name}", remedy)
        for found in manifests.differences(path, whole=True):
            self._problem(path, found, remedy)
        if _is_pool(path):
            self._pool(path, described if name else {})
        elif not (path / manifests.FILE).exists():
            self.counts["stages of an earlier version, without a list of files"] += 1
        self.counts["stages"] += len(self.problems) == before

    def _pool(self, path, described):
        pool, labels = pools.Pool(path), sorted(int(own.name.partition("-")[2]) for own in path.glob("class-*"))
        whole = []
        for label in labels:
            there = sorted(int(block.stem.partition("-")[2]) for block in path.glob(f"class-{label:04d}/block-*.npz"))
            for number in sorted({*range(max(there, default=-1) + 1)} - {*there}):
                self._problem(path, f"block {number} of class {label} is missing", "the same command draws it again")
            whole += [(label, number) for number in there if self._block(pool, described, label, number)]
        self.counts["blocks of draws"] += len(whole)
        self._draw_again(pool, described, whole)

    def _block(self, pool, described, label, number):
        """Returns whether a block can be read, and holds the draws of its place."""
        path = pool.path_of(label, number)
        size = described.get("block_size", 0)
        try:
            indices, seeds, probabilities = pool.read(label, number, "indices", "seeds", "probabilities")
            images = [pixels.decode_png(png) for png in pool.pngs(label, number)]
            expected = np.arange(number * size, (number + 1) * size)
            good = np.array_equal(indices, expected)
            good = good and np.array_equal(seeds, streams.image_seeds(described.get("seed"), label, expected))
            good = good and len(images) == size and np.allclose(probabilities.sum(axis=1), 1, atol=1e-3)
        except (UserError, OSError, KeyError, TypeError, ValueError):
            good = False
        if not good:
            self._problem(path, "it is damaged, or of another place", "remove the file and run the command again")
        return good

    def _draw_again(self, pool, described, blocks):
        """Draws a sample of the blocks again, where generator and judge are at hand."""
        networks = [sorted(pool.path.parent.glob(f"*-{described.get(name)}")) for name in ("gan", "judge")]
        if not blocks or not all(networks) or not (networks[0][0] / manifests.FILE).exists():
            return
        if any(problem.path in (networks[0][0], networks[1][0]) for problem in self.problems):
            return
        try:
            generator = saved_models.load(networks[0][0])
            judge = judges.Judge(networks[1][0], described["block_size"])
        except UserError as error:
            # Where the pool alone is looked at.
            self._problem(pool.path, f"it cannot be drawn again: {error}", "then run the command again")
            return
        drawer = filling.Drawer(generator, judge, described["seed"], described["block_size"])
        chosen = range(len(blocks)) if self.full else np.unique(np.linspace(0, len(blocks) - 1, _SAMPLE).astype(int))
        for label, number in (blocks[place] for place in chosen):
            block, probabilities = drawer.draw(label, number)
            images = np.stack([pixels.decode_png(png) for png in pool.pngs(label, number)])
            (recorded,) = pool.read(label, number, "probabilities")
            same = images.shape == block.images.shape
            if not same or np.abs(images.astype(int) - block.images).max() > _LEVELS:
                found = f"its images are not those that the generator in {networks[0][0].name} draws"
                self._problem(pool.path_of(label, number), found, f"remove {pool.path} and run the command again")
            elif np.abs(recorded - probabilities).max() > _PROBABILITIES:
                found = f"its probabilities are not those of the judge in {networks[1][0].name}"
                self._problem(pool.path_of(label, number), found, f"remove {pool.path} and run the command again")
            self.counts["blocks drawn again"] += 1

    def _dataset(self, path):
        """Looks at a dataset: files, counts, ids, verdicts, test images; against the pool and subset of its workdir."""
        self.note(str(path))
        remedy, before = "run the command that wrote it again, with --overwrite", len(self.problems)
        for found in verification.differences(path, whole=True):
            self._problem(path, found, remedy)
        if len(self.problems) == before:
            try:
                self._contents(path)
            except (RuntimeError, UserError, KeyError, TypeError, ValueError) as error:
                self._problem(path, str(error).removeprefix(f"{path}: "), remedy)
        self.counts["datasets"] += len(self.problems) == before

    def _contents(self, path):
        provenance = artefacts.read_json(path / augmented.PROVENANCE)
        expected = {split: sum(map(sum, kinds.values())) for split, kinds in provenance["counts"].items()}
        expected = {split: expected.get(split, 0) for split in (records.TRAIN, records.HELD_OUT)}
        names = augmented.class_names(path)
        # Those of a sweep lie in a folder of stages, too, below the workdir.
        above = (_Origins.of(provenance, folder) for folder in path.resolve().parents)
        origins = next(filter(None, above), None)
        if origins and origins.class_names != names:
            raise RuntimeError(f"found the classes {', '.join(names)}, expected {', '.join(origins.class_names)}")
        look = origins.look if origins else (lambda split, example: None)
        counts = verification.verify(path, expected, len(names), look)
        if counts != provenance["counts"]:
            raise RuntimeError(f"{augmented.PROVENANCE} does not count what is there")
        self.counts["images in datasets"] += sum(expected.values())
        self.counts["datasets compared with their workdir"] += bool(origins)

    def _results(self, workdir):
        """Looks at the results in a workdir: they can be read, and the table says what its cells give."""
        for path in sorted(workdir.glob("*.json")):
            try:
                own = artefacts.read_json(path)
                same = path.name != summaries.FILE or own == json.loads(json.dumps(summaries.table_of(workdir)))
            except (UserError, KeyError, TypeError, ValueError):
                self._problem(path, "it cannot be read", "remove it and run the command that wrote it again")
            else:
                if not same:
                    found = "it does not say what the cells beside it give"
                    self._problem(path, found, "python -m tools.make_report writes it again")
                self.counts["files of results"] += same


@dataclasses.dataclass
class _Origins:
    """Where the images of a dataset come from: the subset of a workdir, and a pool (None: the dataset has no draws)."""

    class_names: tuple
    real: dict
    pool: pools.Pool | None
    block_size: int
    _held: dict = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, provenance, workdir):
        """Returns those that a dataset's provenance names; None where they do not lie in the folder `workdir`."""
        stages = {name: workdir / f"{name}-{provenance.get(name)}" for name in ("subset", "pool")}
        if not stages["subset"].is_dir() or (provenance.get("pool") and not stages["pool"].is_dir()):
            return None
        subset = subsets.load(stages["subset"])
        parts = subset.train, subset.held_out
        real = {name: image for part in parts for name, image in zip(part.ids, part.images, strict=True)}
        if not provenance.get("pool"):
            return cls(subset.class_names, real, None, 0)
        size = artefacts.read_json(stages["pool"] / artefacts.DESCRIPTION)["block_size"]
        return cls(subset.class_names, real, pools.Pool(stages["pool"]), size)

    def look(self, split, example):
        """Raises `RuntimeError` where an example is not what its origin holds."""
        name, origin = example["id"].decode(), example["origin"].decode()
        if origin == "real":
            good = name in self.real and np.array_equal(self.real[name], example["image"])
        elif self.pool and example["verdict"].decode() != "none":
            label, index = examples.parse_name(name)
            number, place = divmod(index, self.block_size)
            pngs, probabilities = self._block(label, number)
            good = np.array_equal(pixels.decode_png(pngs[place]), example["image"])
            good = good and int(probabilities[place].argmax()) == example["predicted"]
        else:
            good = True
        if not good:
            raise RuntimeError(f"{name} is not the image of that name in the workdir")

    def _block(self, label, number):
        """Returns (PNG files, probabilities) of a block; of each class the last one asked for is held."""
        if self._held.get(label, (None,))[0] != number:
            self._held[label] = number, self.pool.pngs(label, number), *self.pool.read(label, number, "probabilities")
        return self._held[label][1:]


def _is_pool(path):
    """Returns whether a stage is a pool: it grows, so no list of its files is complete."""
    return path.name.startswith("pool-")


def _holds_stages(folder):
    """Returns whether a folder is a workdir: that of a command, or of a point of a map or an inner split in it."""
    return any(folder.glob(f"*-*/{artefacts.DESCRIPTION}"))
