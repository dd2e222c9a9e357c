"""One way to train every model: the loop with its batches, checkpoints and learning curve, on one device or many.

Makes checkpoints, CSV learning curves, and the previews of a GAN in training. May import core and evaluation. A new
callback gets a file of its own, a new kind of hardware a name in `strategies` (in `workers` for several processes).
"""
