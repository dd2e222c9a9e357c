"""What metrics of images are called in tables and reports. Makes no file."""

# {feature network: what a reader sees}. FID and KID without a suffix are of Inception's features alone.
TITLES = {"cnn": "cnn", "judge": "judge", "inception": "Inception"}

# The metrics that are shown, in this order.
SHOWN = ("frechet_distance", "kernel_distance", "precision", "recall", "density", "coverage")


def metric_name(name: str, network: str) -> str:
    """What a reader sees: FID and KID for Inception's features, else such as FD-cnn and KID-cnn."""
    words = {"frechet_distance": "FD", "kernel_distance": "KID"}.get(name, name)
    if network == "inception":
        return {"FD": "FID"}.get(words, words)
    return f"{words}-{network}"
