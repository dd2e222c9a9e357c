"""Labelled images in: sources, the subset that an experiment trains on, and transforms that keep a class.

Makes `subset-<digest>/` and `geometric-<digest>/`. May import core. A new kind of source gets a file beside `arrays`
and an opener in `sources`; a new transform an entry in `transforms`.
"""
