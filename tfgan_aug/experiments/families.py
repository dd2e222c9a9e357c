"""families."""

from tfgan_aug.experiments import dcgan_stage, stacked_stages
from tfgan_aug.sampling import saved_models

# What a GAN's module has: stage, check, make_parts, train and inspect.
_STAGES = {"dcgan": dcgan_stage, "sgan": stacked_stages}


def stage(workdir, gan, subset_stage, config):
    """The stage that `make` fills."""
    return _STAGES[gan].stage(workdir, subset_stage, config)


def check(gan, config, subset, strategy):
    """Raises `UserError` for settings with which the GAN cannot be trained on the subset."""
    _STAGES[gan].check(config, subset, strategy)


def make(stage, gan, subset, config, strategy, progress):
    """Trains the GAN on the subset and exports its generator."""
    _STAGES[gan].make_parts(stage, subset, config, strategy, progress)
    with stage.making() as folder:
        saved_models.export(_STAGES[gan].train(folder, stage, subset, config, strategy, progress), folder / "generator")


def inspect(gan, stage, subset, config, folder):
    """Writes pictures and numbers of what the GAN's parts do, where it has parts, to `folder`; gives the paths."""
    return _STAGES[gan].inspect(stage, subset, config, folder)
