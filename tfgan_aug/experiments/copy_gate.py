"""The gate on copies: how many of a variant's generated images are too close to training images, before it is written.

Makes no file; what was found goes to the dataset's card, see `datasets.cards`.
"""

import functools

import numpy as np

from tfgan_aug.classifiers import judges
from tfgan_aug.core import fields, pixels
from tfgan_aug.evaluation import copying
from tfgan_aug.experiments import families
from tfgan_aug.experiments.anchored_model import AnchoredModel
from tfgan_aug.sampling import near_copies

_SPACES = ("pixels", "features")


class Gate:
    """Measures the copies among the generated images of a `drawing.Drawing`'s variants; see `found`, `refusal`.

    Open, and nothing is measured, where `samples.max_copy_share` is 1.
    """

    def __init__(self, drawing):
        self._drawing, self._run, self._known = drawing, drawing.plan.run, {}
        self._samples = self._run.config.samples

    def found(self, variant):
        """Returns what was measured of a variant's generated images, a dict for JSON; {} without images or a gate.

        `near`: {space: the share of the `images` that are near-copies by it}; `patches`: of a GAN that starts from real
        images, the shares of patches that lie in a training image, see `_patch_shares`; `share`, the largest of these,
        is what `limit`, the gate, is compared with; `quantile`: that of the training images by which near is meant.
        """
        if self._samples.max_copy_share >= 1 or not variant.gan:
            return {}
        key = variant.gan, variant.verdicts, variant.rule
        if key not in self._known:
            self._known[key] = self._measured(variant)
        return self._known[key]

    def refusal(self, variant):
        """Returns why a variant is not written, a line for the user; "" where it may be."""
        found = self.found(variant)
        if not found or found["share"] <= found["limit"]:
            return ""
        if max(found["near"].values()) == found["share"]:
            shares = ", ".join(f"{share:.1%} by {space}" for space, share in found["near"].items())
            what = f"near-copies of training images among the {found['images']:,} generated ones: {shares}"
            helps = f"--config.samples.drop_copies={fields.text(_SPACES)} leaves such draws out"
        else:
            own = found["patches"]
            what = (
                f"patches of 8 by 8 pixels that lie in a training image: {own['copied']:.1%} of the generated images', "
                f"{own['real']:.1%} of real ones'"
            )
            helps = f"{variant.gan} puts images together from real ones, another GAN does not"
        dataset = self._drawing.plan.datasets[variant.name]
        there = f" ({dataset.path}, of an earlier run, stays)" if dataset.path.exists() else ""
        return (
            f"--config.samples.max_copy_share: found in {variant.name} {what}; expected at most {found['limit']:.1%}; "
            f"it was not written{there}; {helps}"
        )

    def _measured(self, variant):
        images = self._images(variant)
        if images is None:
            return {}
        near = {space: float(found.mean()) for space, found in self._screen.by_space(images).items()}
        starts_from_real = isinstance(families.FAMILIES[variant.gan], AnchoredModel)
        patches = self._patch_shares(images) if starts_from_real else None
        beyond = max(0.0, patches["copied"] - patches["real"]) if patches else 0.0
        return {
            "images": len(images),
            "limit": self._samples.max_copy_share,
            "quantile": self._samples.copy_quantile,
            "near": near,
            "patches": patches,
            "share": max(*near.values(), beyond),
        }

    def _images(self, variant):
        """Returns the generated images of a variant, uint8 (N, H, W, C); None where there are none."""
        pool, rule = self._drawing.pool(variant.gan), self._drawing.rules[variant.gan][variant.rule]
        quotas, _ = self._drawing.quotas(variant)
        chosen = [
            pixels.decode_png(draw.image)
            for verdict, quota in quotas.items()
            for label, count in enumerate(quota)
            for draw in pool.select(rule, label, verdict, int(count))
        ]
        return np.stack(chosen) if chosen else None

    def _patch_shares(self, images):
        """Returns {"copied": the share of the images' patches that lie in a training image, "real": of real images'}.

        Real ones are the held-out images, or without any the quantile by which near is meant. None where no patch has
        contrast.
        """
        copied, held_out = self._patches.copied(images), self._run.subset.held_out
        if copied is None:
            return None
        real = self._patches.copied(np.asarray(held_out.images)) if len(held_out.ids) else None
        return {"copied": copied, "real": self._samples.copy_quantile if real is None else real}

    @functools.cached_property
    def _screen(self):
        members = judges.Judge(self._drawing.plan.judge_stage.path, self._samples.block_size).members
        return near_copies.Screen(self._run.subset.train.images, members, _SPACES, self._samples.copy_quantile)

    @functools.cached_property
    def _patches(self):
        return copying.TrainingPatches(np.asarray(self._run.subset.train.images), self._samples.copy_quantile)
