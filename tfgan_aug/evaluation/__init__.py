"""Numbers about images and accuracies, from arrays: quality, copying, comparisons with their uncertainty.

Makes no file but those of features. May import core. A new metric of a set of images goes to `quality` or `copying`,
its name to `names`; a new statistic of accuracies gets a file beside `comparison`.
"""
