"""Vetted GAN images for small labelled image sets, written as TFDS datasets (Kono and Kawamoto)."""

__version__ = "0.1.0"
__all__ = ("stream",)


def __getattr__(name: str) -> object:
    """Loads a public name, and TensorFlow with it, when it is first used."""
    if name == "stream":
        from tfgan_aug.sampling.stream import stream

        return stream
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
