"""What the GANs of every seed share: subset, geometric images, judge. Each fills its own stage, see their modules."""

from tfgan_aug.data import geometric
from tfgan_aug.experiments import judge_stage


def make(plan):
    """Makes what is missing of a `plans.Plan`; the judge only where there are GANs."""
    run = plan.run
    run.write_subset()
    for stage in plan.geometric_stages:
        stage.ensure(lambda stage=stage: _make_geometric(stage, run), run.progress.note)
    if plan.gans:
        judge_stage.ensure(plan.judge_stage, run)


def _make_geometric(stage, run):
    with run.progress.task("geometric"):
        geometric.make(stage, run.subset, run.config)


def geometric_images(plan):
    """Returns the finished sets of geometric images, each uint8 (N, H, W, C)."""
    return [geometric.load(stage.path) for stage in plan.geometric_stages]
