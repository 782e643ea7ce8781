"""Registry, model cards and weights, installed as `wingkeras.pretrained`."""
