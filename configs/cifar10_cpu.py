"""Real CIFAR-10, 500 images a class, on two CPU cores.

Command:  python -m tools.build_dataset --config=configs/cifar10_cpu.py --config.source_data_dir=DIR
          where DIR holds TFDS' prepared cifar10
"""

from tfgan_aug import settings


def get_config():
    config = settings.get_config()
    config.source = "cifar10"
    config.train_per_class = 500
    config.test_per_class = 100

    config.dcgan.width = 32
    config.dcgan.learning_rate = 4e-4
    config.dcgan.augmentation = "translation,flip"
    config.dcgan.epochs = 0
    config.dcgan.steps = 16_000
    config.dcgan.checkpoint_steps = 1_000

    config.judge.width = 0.5
    config.judge.steps = 4_000
    config.classifier.width = 0.5
    config.classifier.steps = 4_000

    config.samples.block_size = 250
    config.samples.max_draws_per_class = 20_000
    return config
