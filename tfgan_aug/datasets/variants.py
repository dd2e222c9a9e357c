"""Variants: the training sets that can be built, by name. Makes no file; `examples` holds what stands in each."""

import dataclasses

import numpy as np

# The verdicts of the paper's variants, and the variants of other selections.
_KINDS = ("fp", "tp", "tp_fp")
SELECTIONS = ("tp_confident", "tp_quantile", "fp_relabeled")


@dataclasses.dataclass(frozen=True)
class Variant:
    """A training set: `gan` ("" for none), `verdicts` of ("tp", "fp"), `geo` geometric images of each real one.

    `selection` is "" for the paper's rule; "confident" or "quantile" for a stricter one; "relabeled" where generated
    images bear the judge's label.
    """

    name: str
    gan: str
    verdicts: tuple
    geo: int
    selection: str = ""

    @classmethod
    def parse(cls, name):
        """The variant of a name such as `real`, `geo`, `geo_x2`, `sgan_tp_fp_geo` or `dcgan_tp_quantile`."""
        if name in ("real", "geo", "geo_x2"):
            return cls(name, "", (), ("real", "geo", "geo_x2").index(name))
        gan, *words = name.split("_")
        selection = words.pop() if words[-1] in ("confident", "quantile", "relabeled") else ""
        return cls(name, gan, tuple(word for word in words if word != "geo"), int("geo" in words), selection)

    @property
    def rule(self):
        """The name of the rule that chooses its draws: "" (the paper's), "confident" or "quantile"."""
        return "" if self.selection == "relabeled" else self.selection

    def quotas(self, per_class):
        """{verdict: ints (classes,)}: `per_class` of one verdict, or exactly half of each (odd ones rounded up)."""
        share = len(self.verdicts)
        return {verdict: -(-np.asarray(per_class) // share) for verdict in self.verdicts}


def variants_of(gans):
    """All variants for these GANs, in the order of the paper's table 2."""
    names = ["real", "geo"]
    for gan in gans:
        names += [f"{gan}_{kind}{geo}" for kind in _KINDS for geo in ("", "_geo")]
    return tuple(names)


def all_variants_of(gans):
    """`variants_of`, and those of the table's controls and of other selection rules."""
    return (*variants_of(gans), "geo_x2", *(f"{gan}_{selection}" for gan in gans for selection in SELECTIONS))
