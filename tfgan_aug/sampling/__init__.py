"""From a trained generator to judged draws: the generator as a SavedModel, rules, the pool, filling it, near-copies.

Makes `generator/` (a SavedModel, see `saved_models`) and `pool-<digest>/` (every draw once, see `pools`).
May import core, evaluation, classifiers and training. A new selection rule is a class in `rules`.
"""
