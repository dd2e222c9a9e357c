"""Drawing, judging and writing as Apache Beam pipelines: the same pool and the same datasets, by many processes.

Needs the extra `beam`. Each element is a range of one class's indices (a block of the pool) or a shard of a split, so
that no process needs what another one has in memory; all of them see the workdir and the data folder under the same
paths. What a pipeline leaves are the files that `filling.fill` and `records.write_shard` leave; which blocks are
drawn, and what stands in which shard, is decided here, before a pipeline starts.
"""

import contextlib
import dataclasses
import functools
import io
import os
import pathlib
import pickle
import shlex
import shutil
import uuid

import apache_beam as beam
import numpy as np
from apache_beam.options.pipeline_options import PipelineOptions

from tfgan_aug.classifiers import judges
from tfgan_aug.core import artefacts
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import geometric, subsets
from tfgan_aug.datasets import records
from tfgan_aug.sampling import filling, pools, saved_models
from tfgan_aug.training import strategies

# Beyond what the acceptance rate so far foretells: one round more costs more than a few images more.
_MARGIN = 1.1
# A round's blocks stand in the pipeline's own description, which runners limit to some megabytes.
_MOST_BLOCKS = 100_000


class Runner:
    """Runs pipelines with the options of a text such as `--runner=FlinkRunner --flink_master=host:8081`.

    Raises `UserError`, naming `--beam_options`, for a text that Beam does not take.
    """

    def __init__(self, text):
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise UserError(f"--beam_options: found {text!r}: {error}") from None
        odd = [word for word in words if not word.startswith("--")]
        if odd:
            raise UserError(f"--beam_options: found {odd[0]!r}, expected --option=value, several of them with spaces")
        # Its workers report each start and end of theirs at the level of information.
        quiet = [] if any("log_level" in word for word in words) else ["--default_sdk_harness_log_level=ERROR"]
        self._words = [*words, *quiet]
        said = io.StringIO()
        try:
            with contextlib.redirect_stderr(said), beam.Pipeline(options=PipelineOptions(self._words)):
                pass
        except (Exception, SystemExit) as error:  # each runner raises errors of its own; argparse prints and exits
            reason = said.getvalue() if isinstance(error, SystemExit) else str(error)
            reason = reason.strip().splitlines()[-1] if reason.strip() else type(error).__name__
            raise UserError(f"--beam_options: found {text!r}, which Beam refuses: {reason}") from None

    def run(self, build):
        """Runs the pipeline to which `build` adds its steps, to its end."""
        with beam.Pipeline(options=PipelineOptions(self._words)) as pipeline:
            build(pipeline)

    def fill(self, pool, networks, wanted, seed, note):
        """Draws and judges the blocks that `filling.fill` would draw, and at most a few more, in rounds.

        `networks` are the paths of the generator's and the judge's stages, `wanted` is a `filling.Wanted`; `note(text)`
        is called at the start of each round. Raises `UserError` where workers do not see the pool's folder.
        """
        number, counted = 0, {}
        while blocks := filling.lacking(pool, wanted, _MARGIN, counted)[:_MOST_BLOCKS]:
            number += 1
            note(f"{pool.path.name}, round {number}: {len(blocks):,} blocks of {wanted.block_size} images")
            draw = _Draw(pool.path.resolve(), [path.resolve() for path in networks], seed, wanted.block_size)
            self.run(
                lambda pipeline, blocks=blocks, draw=draw: (
                    pipeline | beam.Create(blocks) | beam.Reshuffle() | beam.ParDo(draw)
                )
            )
            if not all(pool.has(*block) for block in blocks):
                raise UserError(
                    f"--workdir: workers left no draws in {pool.path}, expected a folder that all of them see alike"
                )

    def plan(self, subset, path, copies, pool):
        """(subset, geometric images, pool, `write_split`) to make and write the examples of a dataset with.

        `path` and `copies` are the folders of the subset and of its geometric images, `pool` a `pools.Pool` or None.
        """
        images = Images(path.resolve(), tuple(copy.resolve() for copy in copies), pool and pool.path.resolve())
        return *images.addressed(subset), functools.partial(self._write_split, images)

    def _write_split(self, images, folder, dataset, split, examples, count, image_shape):
        """As `records.write_split`, of examples whose `image` is an address (see `Addresses`) in `images`."""
        folder = pathlib.Path(folder).resolve()
        plans = folder.with_name(f"plans-{split}")
        plans.mkdir()
        shards = []
        for path, part in records.shards(folder, dataset, split, examples, count, image_shape):
            plan = plans / f"{len(shards):05d}.pickle"
            plan.write_bytes(pickle.dumps((path, list(part))))
            shards.append(plan)
        self.run(
            lambda pipeline: (
                pipeline | beam.Create(list(map(str, shards))) | beam.Reshuffle() | beam.ParDo(_Write(images))
            )
        )
        written = [artefacts.read_json(plan.with_suffix(".json")) for plan in shards]
        shutil.rmtree(plans)
        return records.split_info(folder, dataset, split, *zip(*written, strict=True))


@functools.lru_cache(maxsize=2)
def _loaded(generator, judge, block_size):
    """(generator, judge) of the folders of their stages, once a process."""
    strategies.set_up()
    return saved_models.load(generator), judges.Judge(judge, block_size)


class _Draw(beam.DoFn):
    """Leaves the block of the pool that an element (label, number) names."""

    def __init__(self, path, networks, seed, block_size):
        self.path, self.networks, self.seed, self.block_size = path, networks, seed, block_size

    def process(self, element):
        pool = pools.Pool(self.path)
        # A runner may hand out an element again.
        if not pool.has(*element):
            label, number = element
            drawer = filling.Drawer(*_loaded(*self.networks, self.block_size), self.seed, self.block_size)
            pool.write(number, *drawer.draw(label, number))


class _Write(beam.DoFn):
    """Leaves the shard that the plan in the file `element` describes, and beside the plan (examples, bytes)."""

    def __init__(self, images):
        self.images = images

    def process(self, element):
        plan = pathlib.Path(element)
        path, examples = pickle.loads(plan.read_bytes())
        images, partial = self.images.open(), plan.with_name(f"partial-{uuid.uuid4().hex}")
        found = records.write_shard(partial, ({**item, "image": images(item["image"])} for item in examples))
        # A runner may hand out an element twice at a time.
        os.replace(partial, path)
        artefacts.write_json(plan.with_suffix(".json"), found)


class Addresses:
    """In place of an array of images: item i is the address `(*where, i)`."""

    def __init__(self, *where):
        self.where = where

    def __getitem__(self, i):
        return (*self.where, int(i))


class AddressPool(pools.Pool):
    """A pool that selects addresses of images, without reading them."""

    def _given(self, label, number, block):
        return Addresses("pool", label, number)


@dataclasses.dataclass(frozen=True)
class Images:
    """Where the images of a dataset lie: paths of the subset, of the geometric images and of the pool (or None)."""

    subset: pathlib.Path
    geometric: tuple
    pool: pathlib.Path | None

    def addressed(self, subset):
        """(the subset, its geometric images, its pool) with addresses for images."""
        parts = {
            name: dataclasses.replace(getattr(subset, name), images=Addresses(name)) for name in ("train", "held_out")
        }
        copies = [Addresses("geometric", copy) for copy in range(len(self.geometric))]
        return dataclasses.replace(subset, **parts), copies, self.pool and AddressPool(self.pool)

    def open(self):
        """A function (address) -> image uint8 (H, W, C), or the bytes of its PNG file."""
        subset = subsets.load(self.subset)
        copies = [geometric.load(path) for path in self.geometric]
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
            return np.asarray(copies[where[0]][i] if kind == "geometric" else getattr(subset, kind).images[i])

        return image
