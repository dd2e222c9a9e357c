"""Variants: the training sets that can be built, by name. Makes no file; `examples` holds what stands in each."""

import dataclasses

import numpy as np

from tfgan_aug.sampling import rules

# The verdicts of the paper's variants.
_KINDS = ("fp", "tp", "tp_fp")
# {ending of the variants whose images are chosen or labelled in another way: the words for them in the table}
ENDINGS = {f"tp_{selection.name}": selection.title for selection in rules.SELECTIONS.values() if selection.name}
ENDINGS["fp_relabeled"] = "FP relabelled"


@dataclasses.dataclass(frozen=True)
class Variant:
    """A training set: real images, and images of `gan` ("" for none) with the `verdicts`, some of ("tp", "fp").

    Beside each real image there are `geo` geometric ones, of as many sets.

    `selection` is the name of one of `rules.SELECTIONS` ("" for the paper's), or "relabeled" where generated images
    bear the judge's label.
    """

    name: str
    gan: str
    verdicts: tuple
    geo: int
    selection: str = ""

    @classmethod
    def parse(cls, name):
        """Returns the variant of a name such as `real`, `geo`, `geo_x2`, `sgan_tp_fp_geo` or `dcgan_tp_quantile`."""
        if name in ("real", "geo", "geo_x2"):
            return cls(name, "", (), ("real", "geo", "geo_x2").index(name))
        gan, *words = name.split("_")
        selection = words.pop() if words[-1] in (*rules.SELECTIONS, "relabeled") else ""
        return cls(name, gan, tuple(word for word in words if word != "geo"), int("geo" in words), selection)

    @property
    def rule(self):
        """The name of the selection, one of `rules.SELECTIONS`, that chooses its draws."""
        return "" if self.selection == "relabeled" else self.selection

    def quotas(self, per_class):
        """Returns {verdict: images of each class, ints (classes,)}.

        With two verdicts each gets half of `per_class` images, odd numbers rounded up.
        """
        share = len(self.verdicts)
        return {verdict: -(-np.asarray(per_class) // share) for verdict in self.verdicts}


def variants_of(gans):
    """Returns the names of the paper's variants with these GANs, in the order of its table 2."""
    names = ["real", "geo"]
    for gan in gans:
        names += [f"{gan}_{kind}{geo}" for kind in _KINDS for geo in ("", "_geo")]
    return tuple(names)


def all_variants_of(gans):
    """Returns the names of all variants: `variants_of`, those of the table's controls and of other selection rules."""
    return (*variants_of(gans), "geo_x2", *(f"{gan}_{selection}" for gan in gans for selection in ENDINGS))
