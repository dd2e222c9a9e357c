"""Writing datasets by Apache Beam: the shards that one process writes, by many. Needs the extra `beam`.

What stands in which shard is decided before a pipeline starts, in one file a shard, its plan: examples with addresses
in place of images. The workers read the images where the addresses point, so all of them must see the workdir and the
data folder under the same paths. Plans lie beside the shards while these are written, and are removed afterwards. They
hold JSON, an example a line: a pickle there could run anything of whoever may write to the data folder.
"""

import dataclasses
import functools
import json
import os
import pathlib
import shutil
import uuid

import apache_beam
import numpy as np

from tfgan_aug.core import artefacts
from tfgan_aug.data import geometric, subsets
from tfgan_aug.datasets import records
from tfgan_aug.sampling import pools


class Addresses:
    """In place of an array of images: item i is the address `(*where, i)`."""

    def __init__(self, *where):
        self.where = where

    def __getitem__(self, i):
        return (*self.where, int(i))


class AddressPool(pools.Pool):
    """A pool that selects addresses of images, without reading them."""

    def images_of(self, label, number, block):
        """Returns the addresses of a block's images."""
        return Addresses("pool", label, number)


@dataclasses.dataclass(frozen=True)
class Places:
    """Where the images of a dataset lie: folders of the subset, of each set of geometric images, of the pool if any."""

    subset: pathlib.Path
    geometric: tuple
    pool: pathlib.Path | None

    def addressed(self, subset):
        """Returns (the subset, its sets of geometric images, its pool or None) with addresses for images."""
        parts = {
            name: dataclasses.replace(getattr(subset, name), images=Addresses(name)) for name in ("train", "held_out")
        }
        sets = [Addresses("geometric", number) for number in range(len(self.geometric))]
        return dataclasses.replace(subset, **parts), sets, self.pool and AddressPool(self.pool)

    def open(self):
        """Returns a function (address) -> image: uint8 (H, W, C), or the bytes of its PNG file."""
        subset = subsets.load(self.subset)
        sets = [geometric.load(path) for path in self.geometric]
        pool, blocks = self.pool and pools.Pool(self.pool), {}

        def block(label, number):
            # Shards take the images of a class and verdict in their order: two blocks of a class are enough.
            held = blocks.setdefault(label, {})
            if number not in held:
                if len(held) == 2:
                    del held[min(held)]
                held[number] = pool.pngs(label, number)
            return held[number]

        def image(address):
            kind, *where, i = address
            if kind == "pool":
                return block(*where)[i]
            return np.asarray(sets[where[0]][i] if kind == "geometric" else getattr(subset, kind).images[i])

        return image


def plan(runner, subset, path, geometric_paths, pool):
    """Returns (subset, sets of geometric images, pool, `write_split`) to write a dataset with a `sampling.beam.Runner`.

    The first three have addresses for images and make examples in the usual way (see `examples`); `write_split` is used
    as `records.write_split` and writes the images at these addresses. `path` and `geometric_paths` are the folders of
    `subset` and of each set of its geometric images; `pool` is a `pools.Pool` or None.
    """
    sets = tuple(folder.resolve() for folder in geometric_paths)
    places = Places(path.resolve(), sets, pool and pool.path.resolve())
    return *places.addressed(subset), functools.partial(_write_split, runner, places)


def _write_split(runner, places, folder, dataset, split, *contents):
    """As `records.write_split`, for examples whose images are addresses."""
    folder = pathlib.Path(folder).resolve()
    plans = folder.with_name(f"plans-{split}")
    plans.mkdir()
    paths = []
    for path, part in records.shards(folder, dataset, split, *contents):
        paths.append(plans / f"{path.name}.jsonl")
        write_plan(paths[-1], part)
    runner.run(_WriteShard(places, folder), list(map(str, paths)))
    written = [artefacts.read_json(path.with_suffix(".json")) for path in paths]
    shutil.rmtree(plans)
    return records.split_info(folder, dataset, split, *zip(*written, strict=True))


def write_plan(path, examples):
    """Writes a plan, `<shard>.jsonl`: examples as `examples.example` makes them, with addresses for images."""
    with path.open("w", encoding="utf-8") as file:
        # Floats come back to the bit, and so does NaN, the confidence where there is no verdict.
        file.writelines(json.dumps(item) + "\n" for item in examples)


def read_plan(path):
    """Yields the examples of a plan; their addresses are lists."""
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


class _WriteShard(apache_beam.DoFn):
    """Leaves in `folder` the shard that the plan in the file `element` describes; beside the plan (examples, bytes)."""

    def __init__(self, places, folder):
        self.places, self.folder = places, folder

    def process(self, element):
        path = pathlib.Path(element)
        images, partial = self.places.open(), path.with_name(f"partial-{uuid.uuid4().hex}")
        found = records.write_shard(partial, ({**item, "image": images(item["image"])} for item in read_plan(path)))
        # A runner may hand out an element twice at a time.
        os.replace(partial, self.folder / path.stem)
        artefacts.write_json(path.with_suffix(".json"), found)
