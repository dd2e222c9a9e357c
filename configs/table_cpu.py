"""The table at 100 images a class of CIFAR-10: rows 1, 2, 5, 6, 11, 12, the controls and the options, on two cores.

Command:  python -m tools.run_table --config=configs/table_cpu.py --config.source_data_dir=DIR
          where DIR holds TFDS' prepared cifar10
Hardware: two CPU cores. A cell takes 0.2 to 0.4 minutes, 1.0 to 1.3 with transforms on the fly; a DCGAN 4 to 12, a
          Stacked GAN 15, on cores shared with other work.
Result:   see docs/results.md: flips and crops gain 4.7 points over real images alone, no row with generated images is
          told apart from them.

A fifth of the paper's images, where help is likeliest; a quarter of the classifier's width and 750 steps (48 passes
over row 1) without augmentation, as the paper names none. The GANs' settings are those of configs/cifar10_cpu.py with
about a quarter of the steps: as many passes over a fifth of the images.
"""

from configs.cifar10_cpu import get_config as base


def get_config():
    config = base()
    config.train_per_class = 100

    config.dcgan.width = 24
    config.dcgan.steps = 4_000

    config.sgan.image_steps = 3_000
    config.sgan.feature_steps = 3_000
    config.sgan.joint_steps = 1_000
    config.sgan.encoder.steps = 1_500

    config.judge.steps = 1_500
    config.classifier.width = 0.25
    config.classifier.recipe = "paper"
    config.classifier.steps = 750
    config.classifier.checkpoint_steps = 250

    # Of the row dcgan_tp_confident, which was left out.
    config.samples.confidence = 0.9

    config.table.rows = "1,2,5,6,11,12,controls,options"
    config.table.gan_seeds = "0,1"
    config.table.classifier_seeds = "0,1,2"
    return config
