"""Experiments: which work, in which order, in which folder. They fill the stages of a workdir and return data.

A stage is a folder `<stage>-<digest>`; `cells` alone score on test images. They may import every room but reports,
benchmarks and commands. A new GAN is a stage file and an entry in `families`, a new row of the table goes into `rows`,
a new sweep into `sweeps`; what people read of the results belongs in reports.
"""
