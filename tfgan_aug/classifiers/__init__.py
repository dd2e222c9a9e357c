"""Classifiers of images: networks, the model that trains them, recipes, and the judge, one or an ensemble of them.

Makes no file itself: the stages that train a classifier are in experiments. May import core and data. A new network
goes to `networks`, a new way to train one to `recipes.RECIPES`.
"""
