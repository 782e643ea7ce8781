"""What the paper states (Feng et al., CVPR 2018): mean errors in percent."""

TABLE1 = {"L2": 2.41, "L1": 2.00, "smooth L1": 2.02, "wing": 1.88}
"""CNN-6 on AFLW (19 points), over the face's size, by loss."""

TABLE2 = {
    0.5: {4: 1.95, 6: 1.92, 8: 1.92, 10: 1.94, 12: 1.97, 14: 1.94},
    1: {4: 1.95, 6: 1.91, 8: 1.91, 10: 1.90, 12: 1.90, 14: 1.95},
    2: {4: 1.98, 6: 1.92, 8: 1.91, 10: 1.88, 12: 1.90, 14: 1.98},
    3: {4: 2.02, 6: 1.96, 8: 1.93, 10: 1.91, 12: 1.89, 14: 2.02},
}
"""CNN-6 with wing losses on AFLW, by epsilon, then w."""

TABLE3 = {
    ("CNN-6", False): TABLE1,
    ("CNN-6", True): {"L2": 2.23, "L1": 1.89, "smooth L1": 1.91, "wing": 1.83},
    ("CNN-6/7", False): {"L2": 2.06, "L1": 1.82, "smooth L1": 1.84, "wing": 1.71},
    ("CNN-6/7", True): {"L2": 1.94, "L1": 1.73, "smooth L1": 1.76, "wing": 1.65},
}
"""AFLW, by method and hard sample mining, then loss."""

TABLE4 = {
    "common": {"L2": 4.18, "L1": 3.58, "smooth L1": 3.57, "wing": 3.27},
    "challenge": {"L2": 8.19, "L1": 7.02, "smooth L1": 7.08, "wing": 7.18},
    "full": {"L2": 4.97, "L1": 4.26, "smooth L1": 4.26, "wing": 4.04},
}
"""CNN-6/7 with hard sample mining on 300-W, inter-pupil, by subset, then loss."""

TABLE5 = {
    "CNN-6 + HSM": {"aflw": 1.83},
    "CNN-6/7 + HSM": {"aflw": 1.65, "300w": 3.27},
    "ResNet-50 + HSM": {"aflw": 1.47, "300w": 3.01},
}
"""Wing loss, AFLW and the common subset of 300-W (inter-pupil), by method."""

TABLE6 = {
    "CNN-6": {"parameters": 3.8e6, "megabytes": 14, "gpu": 350, "cpu": 100},
    "CNN-6/7": {"parameters": 12.3e6, "megabytes": 46, "gpu": 150, "cpu": 15},
    "ResNet-50": {"parameters": 25e6, "megabytes": 99, "gpu": 25, "cpu": 5},
}
"""Size and frames per second on a Titan X and on two Xeon E5-2637 v3."""

AFLW5 = {"SDM": 8.5, "TCDCN": 8.0, "MTCNN": 6.9}
"""Others' mean errors on the 2,995 faces of AFLW that MTFL is tested on, five points,
over the distance of the eyes; as cited with MTCNN (Zhang et al., IEEE Signal Processing
Letters 2016), not from the Wing paper.
"""
