"""A run: one config at work in one workdir, and the one way in which every command opens it.

Artefact: `subset-<digest>` in the workdir, see `data.subsets`.
"""

import contextlib
import dataclasses
import functools
import logging
import pathlib

from tfgan_aug.config import ExperimentConfig
from tfgan_aug.core import fields, manifests, workdirs
from tfgan_aug.core.errors import UserError
from tfgan_aug.data import sources, subsets, surveys
from tfgan_aug.datasets import verification
from tfgan_aug.training import strategies, workers
from tfgan_aug.training.progress import Progress


@dataclasses.dataclass(frozen=True, eq=False)
class Run:
    """What the work of an experiment needs, and every stage is given.

    `config` says what is made, `workdir` where; `strategy` is what models are built and trained under; `subset` holds
    the images of `source` that the config chooses; `runner` is a `sampling.beam.Runner`, or None: this process draws
    and writes.
    """

    config: ExperimentConfig
    workdir: pathlib.Path
    strategy: object
    source: sources.Source
    subset: subsets.Subset | None
    progress: Progress = dataclasses.field(default_factory=Progress)
    runner: object = None

    def with_seed(self, seed):
        """Returns the run of a GAN of another seed: the same subset, another `config.seed`."""
        return dataclasses.replace(self, config=fields.replaced(self.config, {"seed": seed}))

    def of(self, config):
        """Returns the run of another config on the same source, with the subset that this config chooses.

        Raises `UserError` as `subsets.read`.
        """
        return dataclasses.replace(self, config=config, subset=subsets.read(self.source, config))

    def without_duplicates(self):
        """Returns the run on its source without duplicates, those written to the workdir."""
        found = self.source.duplicates
        if not found.groups:
            return self
        gone = ", ".join(f"{len(positions):,} {split} images" for split, positions in found.dropped().items())
        self.progress.before(f"{found.words()}; left out: {gone}; all in {found.write(self.workdir)}")
        return dataclasses.replace(self, source=sources.without_duplicates(self.source))

    @functools.cached_property
    def subset_stage(self):
        """The stage of the subset: what every other stage depends on."""
        return subsets.stage(self.workdir, self.source, self.subset)

    @functools.cached_property
    def source_digest(self):
        """The digest of the source's training data. Slow for a large source: computed once."""
        return self.source.fingerprint()

    def write_subset(self):
        """Writes the subset where it is missing; raises `UserError` where it shares an image with the test images."""
        if subsets.checked(self.subset_stage, self.source):
            return
        found = subsets.duplicates_in(self.source, self.subset)
        if found.groups:
            self.progress.before(f"{found.words()}; all in {found.write(self.workdir)}")
        if not self.subset_stage.done:
            # Before the lock, which leaves a file.
            subsets.check(self.subset_stage, self.source, self.subset)
        with self.subset_stage.lock(wait=True, note=self.progress.note):
            write = subsets.check if self.subset_stage.done else subsets.make
            write(self.subset_stage, self.source, self.subset)

    def note_images(self):
        """Tells the reader what was met in the files, what was done to the images, and what to look at first."""
        found = self.subset.surveys if self.subset else {"train": self.source.train.survey()}
        for name, survey in found.items():
            if survey:
                self.progress.note(f"{surveys.NAMES[name]}: {surveys.words(survey)}")
                for line in surveys.warnings(survey):
                    self.progress.note(f"warning: {surveys.NAMES[name]}: {line}")

    def note_subset(self):
        """Tells the reader what is trained on, and where, once nothing is wrong with it."""
        self.note_images()
        counts = self.subset.train.counts(self.subset.classes)
        spread = f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
        self.progress.note(
            f"subset: {len(self.subset.train.ids):,} training images of {self.subset.classes} classes, {spread} a "
            f"class; {len(self.subset.held_out.ids):,} held out; training on {strategies.device_names(self.strategy)}"
        )


@dataclasses.dataclass(frozen=True)
class Place:
    """Where and how a run works, as the options of a command say.

    `drop_duplicates` settles images with the same pixels (see `data.duplicates`). With `verify` the checksums
    of what is in the workdir are compared first. `beam_options` are those of a runner, "" for none.
    """

    workdir: str
    strategy: str = "auto"
    skip_unreadable: bool = False
    drop_duplicates: bool = False
    verify: bool = False
    beam_options: str = ""


@contextlib.contextmanager
def open_run(config, place, read_subset=True):
    """Yields the `Run` of a config in a `Place`. Others may work in the same workdir: each artefact has a lock.

    Without `read_subset` the run has none: `Run.of` gives those of other configs. Raises `UserError` for what the user
    can mend; one raised inside the block leaves no folder that holds nothing.
    """
    fields.check(config)
    strategies.set_up(config.seed)
    runner = _runner(place.beam_options) if place.beam_options else None
    with (
        workers.using(place.strategy) as strategy,
        workdirs.writable("--workdir", place.workdir) as workdir,
    ):
        if place.verify:
            verify(workdir)
        source = sources.open_configured(config, skip_unreadable=place.skip_unreadable, own=(workdir,))
        run = Run(config, workdir, strategy, source, None, runner=runner)
        for line in source.notes:
            run.progress.before(line)
        if place.drop_duplicates:
            run = run.without_duplicates()
        yield run.of(config) if read_subset else run
        run.progress.begin()


def verify(folder):
    """Raises `UserError` where a file of a finished stage or dataset below `folder` is not as it was written."""
    for file in sorted(folder.rglob(manifests.FILE)):
        # One that was killed just before its renaming is made on.
        if file.parent.suffix == ".partial":
            continue
        if found := manifests.differences(file.parent, whole=True):
            raise UserError(f"--verify: {file.parent}: {found[0]}; remove the folder to have it made again")
    for file in sorted(folder.rglob(verification.SUMS)):
        if found := verification.differences(file.parent, whole=True):
            raise UserError(f"--verify: {file.parent}: {found[0]}; remove the folder to have it written again")


def _runner(beam_options):
    """Returns the `sampling.beam.Runner` of these options; raises `UserError` where Beam is missing."""
    root, level = logging.getLogger(), logging.getLogger().level
    # Beam warns of cloud libraries that are not there.
    root.setLevel(logging.ERROR)
    try:
        from tfgan_aug.sampling import beam
    except ModuleNotFoundError as error:
        if error.name != "apache_beam":
            raise
        raise UserError("--beam_options: found no apache_beam, expected it: pip install 'tfgan_aug[beam]'") from None
    finally:
        root.setLevel(level)
    return beam.Runner(beam_options)
