"""The datasets that one GAN of one seed gives, built as one piece of work.

Artefacts: `datasets-<gan>-<seed>-<digest>/` (`datasets-real-<digest>/` for those without a GAN) with `datasets.json`:
which datasets there are, what they took and lack, the draws' acceptance and confusion; and with `grids/`. The datasets
lie in a folder for each GAN seed, see `data_dir`.
"""

from tfgan_aug.core import artefacts
from tfgan_aug.core.errors import UserError
from tfgan_aug.experiments import drawing, grids, plans, shared_stages, writing

_FILE = "datasets.json"


class GANDatasets:
    """The datasets of `variants` that have the same GAN, for one seed of it; `seed` None: they have no GAN.

    They lie below `output_folder`. With `allow_shortfall` they hold what there is where images are missing.
    """

    def __init__(self, run, variants, seed, output_folder, allow_shortfall=False):
        self.run, self.seed, self.gan, self.allow_shortfall = run, seed, variants[0].gan, allow_shortfall
        self.plan = plans.Plan(run, variants, data_dir(output_folder, seed), seed)
        requests = {variant.name: self.plan.request(variant) for variant in variants}
        limits = [run.config.samples.max_draws_per_class, allow_shortfall] if self.gan else []
        name = f"datasets-{self.gan}-{seed}" if self.gan else "datasets-real"
        self.stage = artefacts.Stage(output_folder, name, {"variants": requests, "limits": limits})

    def record(self):
        """Returns what `make` wrote, or None."""
        return artefacts.read_json(self.stage.path / _FILE) if self.stage.done else None

    def make(self, overwrite=False):
        """Makes the datasets and fills the stage; `overwrite` replaces other datasets in their place."""
        shared_stages.make(self.plan)
        with self.stage.making() as folder:
            filled = drawing.Drawing(self.plan, self.allow_shortfall)
            filled.fill()
            kept = writing.write(filled, overwrite)
            grids.save(filled, folder / "grids")
            record = {
                "gan": self.gan,
                "seed": self.seed,
                "datasets": {variant.name: self.plan.datasets[variant.name].digest for variant in kept},
                "minutes": {variant.name: filled.minutes(variant) for variant in kept},
                "short": {variant.name: short for variant in kept if (short := filled.quotas(variant)[1])},
                "left_out": [variant.name for variant in self.plan.variants if variant not in kept],
            }
            artefacts.write_json(folder / _FILE, record | (self._of_gan(filled) if self.gan else {}))

    def _of_gan(self, filled):
        """Returns the part of the record that is about the GAN and its draws."""
        plan, gan = self.plan, self.gan
        stage, pool_stage = plan.gan_stages[gan], plan.pool_stages[gan]
        curves = [path for part in (stage, *stage.parts) for path in sorted(part.path.glob("*.csv"))]
        return {
            "stage": stage.path.name,
            "pool": pool_stage.path.name,
            "judge": plan.judge_stage.path.name,
            "curves": [str(path.relative_to(self.run.workdir)) for path in curves],
            "draws_tp_fp": filled.acceptance(gan).counts.tolist(),
            "confusion": filled.pool(gan).confusion(self.run.subset.classes).tolist(),
            "captions": grids.captions(filled),
            "gan_minutes": stage.minutes + pool_stage.minutes,
        }

    def dataset(self, variant):
        """Returns the dataset of a variant, once the stage is done; None where it was left out.

        Raises `UserError` where it is missing, or another one lies in its place.
        """
        recorded = self.record()["datasets"].get(variant.name)
        if recorded is None:
            return None
        dataset = self.plan.datasets[variant.name]
        if dataset.digest != recorded:
            found = f"a dataset with digest {dataset.digest}" if dataset.digest else "no dataset"
            raise UserError(
                f"--workdir: found {found} in {dataset.path}, expected the one with digest {recorded}; remove "
                f"{self.stage.path} to have it written again"
            )
        return dataset


def data_dir(output_folder, gan_seed):
    """Returns the folder of the datasets of a GAN seed; of those without a GAN, where it is None."""
    return output_folder / ("tensorflow_datasets" if gan_seed is None else f"tensorflow_datasets_gan_seed_{gan_seed}")
