"""Vetted GAN images for small labelled image sets, written as TFDS datasets (Kono and Kawamoto)."""

__version__ = "0.1.0"
