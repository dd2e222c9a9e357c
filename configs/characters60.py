"""The default experiment as the README shows it: characters60, 5 + 20 images a class, narrow networks.

Command:  python -m tools.build_dataset
Hardware: two CPU cores; see the README for minutes and memory.
Result:   see the README.

The case where a generator helps most: many related classes with few images each. `pairs` learns from all classes how
images of a class differ, and draws new ones from the few that a class has.
"""

from configs.measured import get_config as base


def get_config():
    config = base()
    config.source = "characters60"
    config.train_per_class = 0
    config.gans = "pairs"
    for section in (config.judge, config.classifier):
        section.builder = "normalized_cnn"
        section.recipe = "few_images"
        section.steps = 600
    config.advice.augmentation = "affine"
    config.advice.shares, config.advice.folds, config.advice.seeds = "0.5,1", 2, "0"

    # Newer than `base`, which leaves them at the library's defaults.
    config.pairs.latent_dim, config.pairs.width, config.pairs.divergence_weight = 16, 8, 0.003
    config.pairs.flip = False
    config.pairs.learning_rate, config.pairs.beta_1, config.pairs.batch_size = 5e-4, 0.5, 48
    config.pairs.steps = 750
    config.table.protocol = "equal_steps"
    config.table.fresh_share, config.table.fresh_real_last, config.table.fresh_tries = 0.5, 0.2, 4
    config.judge.averaging = config.classifier.averaging = 0.0
    return config
