"""Generators that are interchangeable: each draws by label and seed, as `adversarial.DrawsImages` says.

Make no file: `experiments` trains and stores them. May import core, and the networks of classifiers. A new GAN is a
model in a file of its own with its options in `config`; its stage and its entry in `families` stand in experiments.
"""
