"""The command with --beam_options writes the same datasets; it says what is missing."""

import shutil
import subprocess
import sys

import pytest
import tiny
from jobs import ROOT, command

from tfgan_aug.core import artefacts
from tfgan_aug.core.errors import UserError
from tfgan_aug.experiments import main_job

LOCAL = "--runner=DirectRunner"
PROCESSES = f"{LOCAL} --direct_running_mode=multi_processing --direct_num_workers="


def digests(workdir):
    return {
        str(path.relative_to(workdir)): artefacts.digest(path.read_bytes().hex())
        for path in sorted((workdir / "tensorflow_datasets").rglob("*.tfrecord*"))
    }


def test_the_command_with_several_processes_writes_the_same_datasets(tmp_path):
    """From the same GAN and judge: the second run finds those of the first, and draws and writes anew."""
    shown = []
    for name, options in (("plain", []), ("beam", [f"--beam_options={PROCESSES}2"])):
        if shown:
            drawn = shutil.ignore_patterns("pool-*", "tensorflow_datasets", "grids")
            shutil.copytree(tmp_path / "plain", tmp_path / name, ignore=drawn)
        words = [*command(tmp_path / name, *options), "--config.samples.max_draws_per_class=8"]
        words.append("--config.samples.quantile_draws=8")
        # A quantile takes a part of any judge's draws; what a judge of four steps lets pass otherwise is luck.
        words.append("--variants=dcgan_tp_quantile")
        done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
        assert done.returncode == 0, done.stderr
        shown.append(done.stderr)
    assert digests(tmp_path / "plain") == digests(tmp_path / "beam") != {}
    assert "round 1: 10 blocks of 8 images" in shown[1] and "round" not in shown[0]


def test_beam_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    monkeypatch.delitem(sys.modules, "tfgan_aug.sampling.beam", raising=False)
    monkeypatch.delattr("tfgan_aug.sampling.beam", raising=False)
    message = r"^--beam_options: found no apache_beam, expected it: pip install 'tfgan_aug\[beam\]'$"
    options = main_job.Options(str(tmp_path), beam_options=LOCAL)
    with pytest.raises(UserError, match=message):
        main_job.build_dataset(tiny.config("shapes10"), options)
    assert list(tmp_path.iterdir()) == []
