"""How many images are generated, and which of them are kept. Makes no file; imports no TensorFlow."""

import dataclasses
from typing import Literal

from tfgan_aug.core import fields
from tfgan_aug.core.fields import Check, field


def band(text: str) -> tuple[float, float] | None:
    """Returns the band (low, high) of a text low:high, or None of an empty one; raises `ValueError`."""
    if not text:
        return None
    low, _, high = text.partition(":")
    found = float(low), float(high)
    if not -1 <= found[0] < found[1] <= 1:
        raise ValueError(text)
    return found


def _is_band(text):
    try:
        band(text)
    except ValueError:
        return False
    return True


_gate = Check(lambda value: 0 <= value <= 1, "a number from 0 to 1; 1: no gate")
bands = Check(_is_band, "low:high between -1 and 1, such as 0:0.5")


@dataclasses.dataclass(kw_only=True)
class SamplingConfig(fields.Section):
    """The generated images: how many, and which."""

    per_class: int = field(0, "0: as quota says", fields.at_least_zero)
    quota: Literal["own", "balance"] = field("own", "as many as the class has, or up to the largest class")
    threshold: float = field(0.0, "a TP image's least confidence", fields.share)
    block_size: int = field(100, "images that are drawn and judged at once", fields.positive.up_to(65_536))
    max_draws_per_class: int = field(3_000, "where drawing gives up", fields.positive)
    confidence: float = field(
        0.7, "threshold of the variants *_tp_confident; with smoothing 0.1, 0.91 is sure", fields.between_0_and_1
    )
    quantile: float = field(0.9, "of the judge's cross-entropy a class, for the variants *_tp_quantile", fields.up_to_1)
    quantile_draws: int = field(500, "draws a class that the quantile is taken from", fields.positive)
    margins: str = field("", "low:high, in place of the verdict TP: the judge's margin for the intended class", bands)
    drop_copies: tuple[Literal["pixels", "features"], ...] = field(
        (), "draws too close to a training image by these are no TP or FP"
    )
    copy_quantile: float = field(
        0.01, "of the training images' distances to each other; below it is too close", fields.between_0_and_1
    )

    max_copy_share: float = field(
        1.0,
        "a variant of which a larger share of the generated images are near-copies is not written; 1: none is measured",
        _gate,
        changes_result=False,
        late=True,
    )

    def together(self) -> str:
        """See `fields.Section.together`."""
        if self.margins and self.threshold:
            return f"found margins={self.margins} and threshold={self.threshold}, expected one of them: both choose TP"
        if self.per_class and self.quota == "balance":
            return f"found per_class={self.per_class} and quota=balance, expected one of them: both say how many"
        return ""
