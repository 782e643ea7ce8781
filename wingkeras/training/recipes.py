"""Recipes by name, data only; `recipe.Recipe` explains the fields.

A comment before each recipe gives its command, the time it took and the error to
expect: the NME by the inter-ocular distance, on 300-W's common subset ("common") or on
the validation faces ("held out"). PATH is a folder of 300-W, of which the runs had
2,012 training faces. Times are for two CPU cores unless a device is named; "not run"
means that no complete run is on record.
"""

from wingkeras.data.augment import Augmentation
from wingkeras.losses import WingLoss
from wingkeras.training.recipe import Recipe

_MODERN = Augmentation(scale=0.1, translate=0.05, colour=0.3, random_erasing=0.2)
_UPRIGHT = Augmentation(
    rotation=10.0, scale=0.05, translate=0.03, colour=0.3, random_erasing=0.2
)

RECIPES = {
    recipe.name: recipe
    for recipe in (
        # wingkeras train --recipe paper_cnn6 --data PATH
        # Not run.
        # Section 7.1. The paper's learning rates, 3e-5 to 3e-7, belong to a loss
        # summed over its batch of 8; on the batch mean they are 8 times larger.
        # 120,000 iterations of 8 faces are 477 passes over 2,012 faces.
        Recipe(
            name="paper_cnn6",
            optimizer="sgd",
            learning_rate=2.4e-4,
            final_learning_rate=2.4e-6,
            schedule="exponential",
            weight_decay=5e-4,
            epochs=477,
            batch_size=8,
            ema=0.0,
        ),
        # wingkeras train --recipe paper_cnn7 --data PATH
        # Not run.
        Recipe(
            name="paper_cnn7",
            network="CNN7",
            loss=WingLoss(w=15, epsilon=3),
            optimizer="sgd",
            learning_rate=8e-5,
            final_learning_rate=8e-7,
            schedule="exponential",
            weight_decay=5e-4,
            epochs=477,
            batch_size=8,
            ema=0.0,
            augmentation=Augmentation(rotation=10.0),
        ),
        # wingkeras train --recipe modern_cnn6 --data PATH --precision mixed_bfloat16
        # 38 minutes on a Xeon with AMX; common 3.82 % (`cnn6_300w`).
        Recipe(
            name="modern_cnn6",
            epochs=500,
            augmentation=_MODERN,
        ),
        # wingkeras train --recipe modern_cnn7 --data PATH
        # Not run.
        Recipe(
            name="modern_cnn7",
            network="CNN7",
            loss=WingLoss(w=15, epsilon=3),
            epochs=300,
            augmentation=_UPRIGHT,
        ),
        # wingkeras train --recipe cascade_cnn6 --data PATH --precision mixed_bfloat16
        # Time not recorded; held out 5.13 % (first network of `cnn67_300w`).
        # It finds the face in an inaccurate box, so that the next network sees it
        # upright and centred.
        Recipe(
            name="cascade_cnn6",
            optimizer="muon",
            epochs=40,
            ema=0.99,
            hsm_bins=9,
            augmentation=Augmentation(
                rotation=60.0, scale=0.3, translate=0.15, colour=0.3, random_erasing=0.2
            ),
        ),
        # wingkeras train --recipe cascade_cnn7 --first-stage runs/cascade_cnn6
        #     --data PATH
        # Not run.
        Recipe(
            name="cascade_cnn7",
            network="CNN7",
            loss=WingLoss(w=15, epsilon=3),
            epochs=140,
            hsm_bins=9,
            # Upright crops have one size for all shapes: wide faces need the margin.
            box_scale=1.25,
            augmentation=_UPRIGHT,
        ),
        # KERAS_BACKEND=jax wingkeras train --recipe cascade_unet
        #     --first-stage runs/cascade_cnn6 --data PATH --precision mixed_bfloat16
        #     --augment-on device
        # On one H200, time not recorded; held out 3.13 %.
        # The most accurate network on upright crops: it pseudo-labels extra faces for
        # `refined_cnn7`. Meant for GPUs.
        Recipe(
            name="cascade_unet",
            network="UNet",
            loss=WingLoss(w=15, epsilon=3),
            weight_decay=1e-3,
            epochs=120,
            batch_size=128,
            ema=0.995,
            hsm_bins=9,
            box_scale=1.15,
            augmentation=Augmentation(
                rotation=15.0, scale=0.1, translate=0.03, colour=0.4, random_erasing=0.3
            ),
        ),
        # wingkeras train --recipe refined_cnn7 --first-stage runs/cascade_cnn6
        #     --extra-faces further68.csv --data PATH --precision mixed_bfloat16
        # 91 minutes on an EPYC; held out 3.36 %, common 3.23 % with the flip test
        # (`cnn67_300w`).
        # The extra faces, pseudo-labelled by the U-Net, narrow the gap between training
        # and validation error, and allow a milder perturbation. For a given number of
        # faces shown, batch normalisation with Muon fitted a CNN-6 most closely.
        Recipe(
            name="refined_cnn7",
            network="CNN7",
            batch_norm=True,
            loss=WingLoss(w=15, epsilon=3),
            optimizer="muon",
            learning_rate=3e-3,
            weight_decay=1e-3,
            epochs=24,
            batch_size=64,
            ema=0.99,
            hsm_bins=9,
            box_scale=1.1,
            augmentation=Augmentation(
                rotation=7.0,
                corner_jitter=0.04,
                scale=0.05,
                translate=0.02,
                colour=0.3,
                random_erasing=0.2,
            ),
        ),
        # wingkeras train --recipe finetuned_resnet50 --data PATH
        # Not run.
        # Section 7, Table 5: ResNet-50 fine-tuned. The head learns first. The backbone
        # then learns more slowly, so that random gradients do not destroy its filters.
        Recipe(
            name="finetuned_resnet50",
            network="ResNet50",
            weights="imagenet",
            freeze_fraction=0.1,
            backbone_lr_multiplier=0.1,
            loss=WingLoss(w=26, epsilon=5),  # CNN-7's, scaled to 224 px
            learning_rate=1e-3,
            epochs=100,
            augmentation=_MODERN,
        ),
        # wingkeras train --recipe modern_mobilenetv3 --extra-faces lfw68.csv
        #     --data PATH
        # 60 minutes on a Xeon beside other work; held out 3.85 %, common 3.72 %
        # (`mobilenetv3_300w`).
        # From scratch, at a size that two cores can train; meant for extra faces.
        Recipe(
            name="modern_mobilenetv3",
            network="MobileNetV3Small",
            input_size=128,
            loss=WingLoss(w=15, epsilon=3),
            optimizer="muon",
            learning_rate=3e-3,
            weight_decay=1e-3,
            epochs=80,
            batch_size=64,
            ema=0.99,
            box_scale=1.2,
            augmentation=_MODERN,
        ),
        # One heat map per landmark, 1.9 M parameters; meant for an encoder with
        # ImageNet's weights. tools/train_heatmaps.py trains it on several kinds of
        # faces (`heatmap_300w`).
        Recipe(
            name="heatmap_mobilenetv2",
            network="HeatmapMobileNetV2",
            input_size=128,
            loss=WingLoss(w=15, epsilon=3),
            learning_rate=8e-4,
            final_learning_rate=3e-6,
            weight_decay=5e-4,
            epochs=84,
            batch_size=16,
            ema=0.9987,
            box_scale=1.15,
            augmentation=_MODERN,
            jit_compile=False,
        ),
    )
}
