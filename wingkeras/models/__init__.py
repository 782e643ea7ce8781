"""Builders of the paper's networks (Sections 3 and 6) and of further networks."""

from wingkeras.models.backbones import RESNET50_SIZE, Regressor, ResNet50
from wingkeras.models.build import NETWORKS, build, input_size, network_name
from wingkeras.models.cnn import CNN6, CNN6_SIZE, CNN7, CNN7_SIZE
from wingkeras.models.heatmap import UNET_SIZE, UNet
from wingkeras.models.heatmap_regressor import HEATMAP_SIZE, HeatmapRegressor

__all__ = [
    "CNN6",
    "CNN6_SIZE",
    "CNN7",
    "CNN7_SIZE",
    "HEATMAP_SIZE",
    "NETWORKS",
    "RESNET50_SIZE",
    "UNET_SIZE",
    "HeatmapRegressor",
    "Regressor",
    "ResNet50",
    "UNet",
    "build",
    "input_size",
    "network_name",
]
