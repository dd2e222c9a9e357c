"""What --dry_run prints, by hand."""

import types

from tfgan_aug.reports import plan_text


def variant(name):
    return types.SimpleNamespace(name=name, gan=name.partition("_")[0] if "_" in name else "")


def test_a_table_by_hand():
    made = {
        "steps": 3000,
        "protocol": "equal_steps",
        "gans": [
            {"gan": "", "seed": None, "variants": [variant("real"), variant("geo")], "seconds": 0.0},
            {"gan": "dcgan", "seed": 1, "variants": [variant("dcgan_tp")], "seconds": 7200.0},
        ],
        "rows": [
            {"name": "real", "number": 1, "group": "paper", "cells": 5, "left": 0, "seconds": 0.0},
            {"name": "flip_crop", "number": None, "group": "controls", "cells": 5, "left": 2, "seconds": 600.0},
        ],
    }
    longer = plan_text.of_table({**made, "protocol": "equal_epochs"}).splitlines()
    steps = "3,000 optimiser steps on real images, in proportion on more"
    assert longer[0] == f"10 cells of 2 rows, {steps}; training alone, for one worker:"
    assert longer[1:] == plan_text.of_table(made).splitlines()[1:]
    assert plan_text.of_table(made).splitlines() == [
        "10 cells of 2 rows, 3,000 optimiser steps each; training alone, for one worker:",
        "no GAN: real, geo; nothing to train",
        "dcgan, GAN seed 1: dcgan_tp; about 2.0 hours",
        "real (row 1): 0 of 5 cells left; nothing to train",
        "flip_crop (controls): 2 of 5 cells left; about 10 minutes",
        "in all about 2.2 hours; drawing, writing and scoring come on top",
    ]


def test_a_sweep_by_hand():
    choice = types.SimpleNamespace(gan_seeds=(0, 1, 2), classifier_seeds=(0, 1))
    points = [
        types.SimpleNamespace(curve=curve, label="20", rows=[types.SimpleNamespace(variant=variant(name))])
        for curve, name in (("geo", "geo"), ("dcgan", "dcgan_tp"))
    ]
    # Two classifiers without a GAN, six with three.
    words = "real: 2 points (geo 20, dcgan 20), up to 8 trainings of classifiers and as many of row real"
    assert plan_text.of_sweep("real", points, choice) == words
