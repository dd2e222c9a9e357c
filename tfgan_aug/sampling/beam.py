"""Filling pools by Apache Beam: the draws that one process draws and judges, by many. Needs the extra `beam`.

Makes the files of a pool (see `pools`). An element is one block, (label, number), so that no worker needs what another
one has in memory; all of them must see the workdir under the same path. Which blocks are drawn is decided here, before
a pipeline starts.
"""

import contextlib
import functools
import io
import pathlib
import shlex
from collections.abc import Callable, Sequence
from typing import Any

import apache_beam
import numpy as np
from apache_beam.options.pipeline_options import PipelineOptions

from tfgan_aug.classifiers import judges
from tfgan_aug.core.errors import UserError
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

    def __init__(self, text: str):
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
            with contextlib.redirect_stderr(said), apache_beam.Pipeline(options=PipelineOptions(self._words)):
                pass
        except (Exception, SystemExit) as error:  # each runner raises errors of its own; argparse prints and exits
            reason = said.getvalue() if isinstance(error, SystemExit) else str(error)
            reason = reason.strip().splitlines()[-1] if reason.strip() else type(error).__name__
            raise UserError(f"--beam_options: found {text!r}, which Beam refuses: {reason}") from None

    def run(self, step: apache_beam.DoFn, elements: Sequence[Any]) -> None:
        """Runs a pipeline that does `step` on each of `elements`, in any order and by any worker, to its end."""
        with apache_beam.Pipeline(options=PipelineOptions(self._words)) as pipeline:
            _ = pipeline | apache_beam.Create(elements) | apache_beam.Reshuffle() | apache_beam.ParDo(step)

    def fill(
        self,
        pool: pools.Pool,
        networks: Sequence[pathlib.Path],
        wanted: filling.Wanted,
        seed: int,
        note: Callable[[str], Any],
        working: Callable[[], contextlib.AbstractContextManager[Any]] = contextlib.nullcontext,
    ) -> None:
        """Draws and judges the blocks that `filling.fill` would draw, and at most a few more, in rounds.

        `networks` are the folders of the generator's and the judge's stages. `note(text)` is called at the start of
        each round, `working()` entered around its work. Raises `UserError` where workers do not see the pool's folder.
        """
        number = 0
        counted: dict[int, tuple[int, np.ndarray]] = {}
        while blocks := filling.lacking(pool, wanted, _MARGIN, counted)[:_MOST_BLOCKS]:
            number += 1
            note(f"{pool.path.name}, round {number}: {len(blocks):,} blocks of {wanted.block_size} images")
            folders = [path.resolve() for path in networks]
            with working():
                self.run(_Draw(pool.path.resolve(), folders, seed, wanted.block_size), blocks)
            if not all(pool.has(*block) for block in blocks):
                raise UserError(
                    f"--workdir: workers left no draws in {pool.path}, expected a folder that all of them see alike"
                )


@functools.lru_cache(maxsize=2)
def _loaded(generator, judge, block_size):
    """Returns (generator, judge) from the folders of their stages; loaded once a process."""
    strategies.set_up()
    return saved_models.load(generator), judges.Judge(judge, block_size)


class _Draw(apache_beam.DoFn):
    """Leaves the block of the pool that an element (label, number) names."""

    def __init__(self, path, networks, seed, block_size):
        self.path, self.networks, self.seed, self.block_size = path, networks, seed, block_size

    def process(self, element):
        pool = pools.Pool(self.path)
        # A runner may hand out an element again.
        if not pool.has(*element):
            label, number = element
            generator, judge = _loaded(*self.networks, self.block_size)
            drawer = filling.Drawer(generator, judge, self.seed, self.block_size)
            pool.write(number, *drawer.draw(label, number))
