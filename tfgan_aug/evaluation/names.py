"""names."""

# How a metric of the features of a network is called: FID is of Inception's alone.
TITLES = {"cnn": "cnn", "judge": "judge", "inception": "Inception"}


def metric_name(name, network):
    """What a reader sees: FID and KID for Inception's features, else such as FD-cnn and KID-cnn."""
    words = {"frechet_distance": "FD", "kernel_distance": "KID"}.get(name, name)
    if network == "inception":
        return {"FD": "FID"}.get(words, words)
    return f"{words}-{network}"


SHOWN = ("frechet_distance", "kernel_distance", "precision", "recall", "density", "coverage")
