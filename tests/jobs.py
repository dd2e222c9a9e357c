"""The main job as a command of a few steps on shapes10, and what it leaves."""

import hashlib
import pathlib
import sys

ROOT = pathlib.Path(__file__).parents[1]
FIELDS = {
    "source": "shapes10", "gans": "dcgan", "image_size": 16, "train_per_class": 6, "test_per_class": 2,
    "judge.recipe": "paper", "judge.width": 0.05, "judge.steps": 4, "judge.checkpoint_steps": 2,
    "classifier.recipe": "paper", "classifier.width": 0.05, "classifier.steps": 4,
    "judge.batch_size": 8, "classifier.batch_size": 8,
    "dcgan.width": 1, "dcgan.epochs": 2, "dcgan.batch_size": 8, "dcgan.checkpoint_steps": 4,
    "samples.per_class": 2, "samples.block_size": 8, "samples.max_draws_per_class": 16,
}  # fmt: skip


def command(workdir, *options):
    arguments = [f"--config.{name}={value}" for name, value in FIELDS.items()]
    return [
        sys.executable,
        "-m",
        "tools.build_dataset",
        f"--workdir={workdir}",
        "--allow_shortfall",
        *arguments,
        *options,
    ]


def sums(folder, pattern="**/*"):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob(pattern))
        if path.is_file()
    }
