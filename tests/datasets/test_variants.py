"""Variants: what their names say they hold."""

from tfgan_aug.datasets import variants


def test_variants_and_quotas():
    assert variants.Variant.parse("sgan_tp_fp_geo") == variants.Variant("sgan_tp_fp_geo", "sgan", ("tp", "fp"), True)
    assert variants.Variant.parse("geo") == variants.Variant("geo", "", (), True)
    assert variants.Variant.parse("dcgan_fp") == variants.Variant("dcgan_fp", "dcgan", ("fp",), False)
    halves = variants.Variant.parse("dcgan_tp_fp").quotas([4, 5, 0])
    assert {verdict: quota.tolist() for verdict, quota in halves.items()} == {"tp": [2, 3, 0], "fp": [2, 3, 0]}
