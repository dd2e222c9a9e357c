"""Writes metrics.json: metrics of fixed numbers by their reference implementations. Not a test; no dependency of ours.

Needs torch-fidelity 0.4.0, prdc 0.2, scikit-learn, scipy, and two files of repositories that are no packages, as they
were on 2026-11-24: `data_copying_tests.py` (casey-meehan/data-copying, 50db23a) and `authpct.py`
(layer6ai-labs/dgm-eval, d57a6d2, dgm_eval/metrics). Run: `python make_metrics.py FOLDER_OF_THE_TWO_FILES`.
"""

import json
import pathlib
import sys

import numpy as np


def sets():
    """{name: (train, held-out, generated)}, float64, from the legacy generator, whose stream never changes."""
    made = {}
    for name, seed, (train, held_out, fake, dimensions) in (
        ("a", 0, (300, 260, 280, 8)),
        ("b", 1, (400, 400, 350, 24)),
    ):
        random = np.random.RandomState(seed)
        sizes = ((train, dimensions), (held_out, dimensions), (fake, dimensions))
        x, p, q = (random.standard_normal(size) for size in sizes)
        q = 0.8 * q + 0.3
        # Some near-copies, so that no score is at its end.
        q[: fake // 4] = x[: fake // 4] + 0.05 * random.standard_normal((fake // 4, dimensions))
        made[name] = x, p, q
    return made


def cells(values):
    """The quadrant of the first two numbers, ints (N,)."""
    return (values[:, 0] > 0).astype(int) + 2 * (values[:, 1] > 0)


def main(folder):
    import prdc
    import torch
    from torch_fidelity import metric_fid, metric_kid, metric_prc

    sys.path.insert(0, folder)
    import authpct
    import data_copying_tests

    found = {}
    for name, (train, held_out, fake) in sets().items():
        real, made = torch.from_numpy(train), torch.from_numpy(fake)
        statistics = [metric_fid.fid_features_to_statistics(features) for features in (real, made)]
        size = min(len(train), len(fake))
        kernel = metric_kid.kernel_mmd(
            train[:size],
            fake[:size],
            kid_kernel="poly",
            kid_kernel_poly_degree=3,
            kid_kernel_poly_gamma=None,
            kid_kernel_poly_coef0=1,
        )
        prc = metric_prc.prc_features_to_metric(
            made, real, prc_neighborhood=3, prc_batch_size=1000, save_cpu_ram=False, verbose=False
        )
        balls = prdc.compute_prdc(train, fake, nearest_k=5)
        ct = data_copying_tests.C_T(held_out, cells(held_out), fake, cells(fake), train, cells(train), 0.0)
        found[name] = {
            "frechet_distance": float(
                metric_fid.fid_statistics_to_metric(*statistics, False)["frechet_inception_distance"]
            ),
            "squared_mmd": float(kernel),
            "precision": float(prc["precision"]),
            "recall": float(prc["recall"]),
            "density": float(balls["density"]),
            "coverage": float(balls["coverage"]),
            "authenticity": authpct.compute_authpct(train, fake) / 100,
            "ct": float(ct),
        }
    path = pathlib.Path(__file__).with_name("metrics.json")
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
