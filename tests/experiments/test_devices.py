"""A workdir on one device and datasets on another: no file is moved from one to the other."""

import errno
import os
import shutil

import pytest
import tiny

from tfgan_aug.classifiers import judges
from tfgan_aug.experiments import main_job


@pytest.fixture
def moves(tmp_path, monkeypatch):
    """The pairs of paths that were moved; each folder of `tmp_path` is a device, and no file goes to another one."""
    made = []

    def device(path):
        return os.path.relpath(path, tmp_path).split(os.sep)[0]

    def on_one_device(move):
        def moved(source, target, **options):
            if device(source) != device(target):
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(source), None, str(target))
            made.append((os.fspath(source), os.fspath(target)))
            return move(source, target, **options)

        return moved

    for name in ("replace", "rename", "link"):
        monkeypatch.setattr(os, name, on_one_device(getattr(os, name)))
    return made


def test_the_guard_itself(tmp_path, moves):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "one" / "a").touch()
    os.replace(tmp_path / "one" / "a", tmp_path / "one" / "b")
    with pytest.raises(OSError, match="Invalid cross-device link"):
        os.replace(tmp_path / "one" / "b", tmp_path / "two" / "b")
    assert len(moves) == 1


def test_workdir_and_datasets_on_two_devices(tmp_path, monkeypatch, moves):
    monkeypatch.setattr(judges, "Judge", tiny.AnyJudge)
    root = tiny.save_images(tmp_path / "pictures", dict.fromkeys(tiny.COLOURS, 8))
    config = tiny.config(f"folder:{root}", test_per_class=0)
    places = {"workdir": str(tmp_path / "one"), "data_dir": str(tmp_path / "two")}
    for overwrite in (False, True):
        options = main_job.Options(**places, variants="real,dcgan_tp", overwrite=overwrite)
        (first, second) = main_job.build_dataset(config, options).datasets
        assert first.digest and second.digest and second.path.is_relative_to(tmp_path / "two")
        # As one that was written by another config: the second time it is replaced.
        shutil.copy(first.path / "provenance.json", second.path / "provenance.json")
    there = {os.path.relpath(target, tmp_path).split(os.sep)[0] for _, target in moves}
    assert there == {"one", "two"}
