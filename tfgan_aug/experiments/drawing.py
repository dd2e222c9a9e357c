"""Drawing: fills the pools of a plan, and says what they hold for each variant.

Artefacts: the stages of the GANs (see `families`) and `pool-<digest>` (see `sampling.pools`).
"""

import numpy as np

from tfgan_aug.classifiers import judges
from tfgan_aug.core import pixels
from tfgan_aug.datasets import cards
from tfgan_aug.evaluation import spread
from tfgan_aug.experiments import families, judge_stage
from tfgan_aug.sampling import filling, near_copies, pools, rules, saved_models
from tfgan_aug.training import monitor

# The options of GANs that say how long they are trained.
_BUDGETS = ("epochs", "steps", "image_steps", "feature_steps", "joint_steps")
# Real images of a class that generated ones are compared with, at most: their mean distance needs no more.
_COMPARED = 200


class Drawing:
    """The pools of a `plans.Plan`, once `fill` has filled them.

    `rules` and `drawn` are {GAN: {name of a selection: its rule, or what that found, a `filling.Drawn`}}. A class with
    too few images by the plain rule ends the run unless `allow_shortfall`.
    """

    def __init__(self, plan, allow_shortfall=False):
        self.plan, self.allow_shortfall = plan, allow_shortfall
        self.rules, self.drawn = {gan: {} for gan in plan.gans}, {gan: {} for gan in plan.gans}
        self._near_copies, self._own, self._spreads, self._noted = None, {}, {}, set()

    def fill(self):
        """Trains the GANs that are missing and draws as many images as the variants need.

        What they share (see `shared_stages`) is there by then. Raises `filling.Shortfall`.
        """
        for gan in self.plan.gans:
            families.ensure(self.plan.gan_stages[gan], gan, self.plan.gan_run)
            drawer = filling.Drawer(
                saved_models.load(self.plan.gan_stages[gan].path),
                self._judge(),
                self.plan.gan_run.config.seed,
                self.plan.run.config.samples.block_size,
            )
            with self.plan.pool_stages[gan].growing(self.plan.run.progress.note):
                for name, needed in sorted(self._needed(gan).items()):
                    self.rules[gan][name] = rule = self._rule(name, gan, drawer)
                    # A variant of a stricter rule is left out where images are missing; the paper's end the run.
                    allowed = self.allow_shortfall or bool(name)
                    try:
                        self.drawn[gan][name] = self._draw(gan, drawer, self._wanted(rule, **needed), allowed)
                    except filling.Shortfall:
                        # It may be why.
                        self._warn(*self.faults(gan), self.little_variety(gan))
                        raise
            self._warn(*self.faults(gan), self.little_variety(gan))

    def _warn(self, *lines):
        """Shows those of the lines that are not empty, each once."""
        for words in dict.fromkeys(lines):
            if words and words not in self._noted:
                self._noted.add(words)
                self.plan.run.progress.note(f"warning: {words}")

    def pool(self, gan):
        """Returns the pool of a GAN's draws; it only grows, block by block, so it is never "done"."""
        return pools.Pool(self.plan.pool_stages[gan].path)

    def _judge(self):
        return judges.Judge(self.plan.judge_stage.path, self.plan.run.config.samples.block_size)

    def _needed(self, gan):
        """Returns {name of a selection: {verdict: images a class}}: the most that any variant of this GAN needs."""
        needed = {}
        for variant in self.plan.variants:
            if variant.gan == gan:
                own = needed.setdefault(variant.rule, {verdict: self.plan.per_class * 0 for verdict in ("tp", "fp")})
                for verdict, quota in variant.quotas(self.plan.per_class).items():
                    own[verdict] = own[verdict].clip(quota)
        return needed

    def _wanted(self, rule, tp, fp, least=0):
        samples = self.plan.run.config.samples
        return filling.Wanted(tp, fp, rule, samples.block_size, samples.max_draws_per_class, least)

    def _rule(self, name, gan, drawer):
        """Returns the rule of a selection, after the draws that it needs."""
        run, selection = self.plan.run, rules.SELECTIONS[name]
        if least := selection.draws(run.config.samples):
            none = self.plan.per_class * 0
            self._draw(gan, drawer, self._wanted(rules.ThresholdRule(), none, none, least), allow_shortfall=True)
        rule = selection.rule(run.config.samples, self.pool(gan), run.subset.classes)
        return rules.Screened(rule, self._screen()) if run.config.samples.drop_copies else rule

    def _screen(self):
        if self._near_copies is None:
            samples = self.plan.run.config.samples
            images, members = self.plan.run.subset.train.images, self._judge().members
            self._near_copies = near_copies.Screen(images, members, samples.drop_copies, samples.copy_quantile)
        return self._near_copies

    def _draw(self, gan, drawer, wanted, allow_shortfall):
        """Fills the pool of a GAN; returns a `filling.Drawn`."""
        run, pool, names = self.plan.run, self.pool(gan), self.plan.run.subset.class_names
        working = self.plan.pool_stages[gan].working
        if run.runner:
            networks = self.plan.gan_stages[gan].path, self.plan.judge_stage.path
            run.runner.fill(pool, networks, wanted, drawer.seed, run.progress.note, working)
        with run.progress.drawing(gan, names, {"tp": wanted.tp, "fp": wanted.fp}) as show:
            watched = filling.watched(show, wanted, lambda label, draws: self._refused(gan, label, draws))
            return filling.fill(pool, drawer, wanted, names, watched, allow_shortfall, working)

    def _refused(self, gan, label, draws):
        """Warns of a class of which so many draws were refused, all of them, and of what they look like."""
        most, name = self.plan.run.config.samples.max_draws_per_class, self.plan.run.subset.class_names[label]
        known = {name: found} if (found := self._spread(gan, label)) else {}
        self._warn(cards.refused(gan, name, draws, most), self._grey(gan, known), self._little_variety(gan, known))

    def own(self, variant):
        """Returns what the pool of a variant holds for it, a `filling.Drawn`, whichever others are drawn with it."""
        key = variant.gan, variant.verdicts, variant.rule
        if key not in self._own:
            none, quotas = self.plan.per_class * 0, variant.quotas(self.plan.per_class)
            least = rules.SELECTIONS[variant.rule].draws(self.plan.run.config.samples)
            rule = self.rules[variant.gan][variant.rule]
            wanted = self._wanted(rule, quotas.get("tp", none), quotas.get("fp", none), least)
            self._own[key] = filling.found(self.pool(variant.gan), wanted)
        return self._own[key]

    def quotas(self, variant):
        """Returns ({verdict: images a class}, {class that falls short: [its images, those that the variant asks for]}).

        Where a class falls short in one verdict, the other one gives no more: TP + FP stays half and half.
        """
        if not variant.gan:
            return {}, {}
        asked, drawn = variant.quotas(self.plan.per_class), self.own(variant)
        found = [drawn.counts[:, rules.VERDICTS.index(verdict)] for verdict in asked]
        quotas = {verdict: np.minimum.reduce([quota, *found]) for verdict, quota in asked.items()}
        own, most = (sum(counts.values()).tolist() for counts in (quotas, asked))
        each = zip(self.plan.run.subset.class_names, own, most, strict=True)
        return quotas, {name: [few, many] for name, few, many in each if few < many}

    def spreads(self, gan):
        """Returns {class: its `spread.Spread`} of a GAN's first block of draws, beside the training images.

        Compared are images of 8 x 8 pixels: they need no network, and noise does not count. Without classes of which
        nothing was drawn or that have one training image.
        """
        names = self.plan.run.subset.class_names
        return {name: own for label, name in enumerate(names) if (own := self._spread(gan, label))}

    def _spread(self, gan, label):
        """Returns the `spread.Spread` of a class, or None."""
        train, pool, key = self.plan.run.subset.train, self.pool(gan), (gan, label)
        if key not in self._spreads and pool.has(label, 0):
            drawn = np.stack([pixels.decode_png(png) for png in pool.pngs(label, 0)])
            real = train.images[train.of_class(label)[:_COMPARED]]
            self._spreads[key] = spread.of_class(monitor.thumbnails(real), monitor.thumbnails(drawn))
        return self._spreads.get(key)

    def little_variety(self, gan):
        """Returns the words for the classes of which a GAN draws one picture over and over; "" where it does not."""
        return self._little_variety(gan, self.spreads(gan))

    def _little_variety(self, gan, spreads):
        more = "" if getattr(getattr(self.plan.run.config, gan), "balanced", True) else f"--config.{gan}.balanced=true"
        return cards.little_variety(gan, spreads, more)

    def _grey(self, gan, spreads):
        section = getattr(self.plan.run.config, gan)
        budgets = {name: value for name in _BUDGETS if (value := getattr(section, name, 0))}
        words = ", ".join(f"--config.{gan}.{name} is {value:,}" for name, value in budgets.items())
        return cards.grey(gan, spreads, words)

    def faults(self, gan):
        """Returns a line for each thing that makes a GAN's images worthless: a judge that guesses, images of nothing.

        [] where there is none.
        """
        lines = judge_stage.fault(self.plan.judge_stage), self._grey(gan, self.spreads(gan))
        return [words for words in lines if words]

    def minutes(self, variant):
        """Returns the minutes of work that a variant's images took: geometric ones, the GAN, the judge, its draws.

        Of the pool it is charged for the draws that it needs itself: a stricter rule's are not its own.
        """
        plan = self.plan
        minutes = sum(stage.minutes for stage in plan.geometric_stages[: variant.geo])
        if variant.gan:
            pool_stage, pool = plan.pool_stages[variant.gan], self.pool(variant.gan)
            drawn = pool.count() * plan.run.config.samples.block_size
            share = int(self.own(variant).counts[:, 0].sum()) / max(drawn, 1)
            minutes += plan.judge_stage.minutes + plan.gan_stages[variant.gan].minutes + share * pool_stage.minutes
        return minutes

    def acceptance(self, gan):
        """Returns what a GAN's draws gave by the paper's rule, or by a stricter one where no variant asked for that."""
        return self.drawn[gan][min(self.drawn[gan])]
