"""The recipes: each shipped model's training, whole. `./run train NAME` cooks one."""

from dataclasses import replace

from app.ml.training_spec import TrainingSpec

SMALL_CNN = {
    "blocks": [
        {"channels": 32, "kernel": 5, "pool": 2},  # 28 -> 14
        {"channels": 64, "kernel": 3},
        {"channels": 64, "kernel": 3, "pool": 2},  # 14 -> 7
        {"channels": 128, "kernel": 3},
        {"channels": 128, "kernel": 3, "pool": 2},  # 7 -> 3
    ],
    "hidden": [],
}
LARGER_CNN = {
    "blocks": [
        {"channels": 64, "kernel": 5, "pool": 2},
        {"channels": 128, "kernel": 3},
        {"channels": 128, "kernel": 3, "pool": 2},
        {"channels": 224, "kernel": 3},
        {"channels": 224, "kernel": 3, "pool": 2},
    ],
    "hidden": [],
}
WARP = {
    "rotate": 12.0, "scale": 0.12, "shear": 0.12, "shift": 1.5, "elastic": 1.0, "pen": 0.3,
}  # fmt: skip

LONG = TrainingSpec(  # warped pictures, averaged weights, and a calm end
    dataset="mnist",
    network="cnn",
    learning_rate=0.003,
    weight_decay=0.05,
    label_smoothing=0.05,
    ema=0.999,
    augmentation=WARP,
    fade=0.25,
    threads=1,
)

RECIPES = {
    "mnist-quick": TrainingSpec(  # 99 % in ten seconds on two cores
        dataset="mnist",
        dataset_options={"validation_fraction": 1 / 60},
        network="cnn",
        hyperparameters={
            "blocks": [
                {"channels": 16, "kernel": 5, "pool": 2},  # 28 -> 14
                {"channels": 32, "kernel": 3, "pool": 2},  # 14 -> 7
                {"channels": 64, "kernel": 3, "pool": 2},  # 7 -> 3
            ],
            "hidden": [],
        },
        epochs=1,
        batch_size=128,
        optimizer="muon",
        learning_rate=0.02,
    ),
    "mnist-mlp": replace(
        LONG,
        dataset_options={"validation_fraction": 1 / 12},
        network="mlp",
        hyperparameters={"hidden": [512, 256]},
        epochs=200,
        learning_rate=0.002,
        weight_decay=0.01,
        fade=0.0,
    ),
    "mnist-cnn": replace(
        LONG,
        dataset_options={"validation_fraction": 1 / 60},
        hyperparameters=LARGER_CNN,
        epochs=45,
        batch_size=128,
        weights="float16",
    ),
    "digits-cnn": replace(
        LONG,
        dataset="digits",
        dataset_options={"validation_fraction": 1 / 12, "pens": 6, "paper": 2},
        hyperparameters=SMALL_CNN,
        epochs=36,
    ),
    "fashion-mlp": TrainingSpec(
        dataset="fashion-mnist",
        dataset_options={"validation_fraction": 0.0833},
        network="mlp",
        hyperparameters={"hidden": [896, 448], "batch_norm": True, "dropout": 0.3},
        epochs=240,
        batch_size=256,
        learning_rate=0.003,
        weight_decay=0.05,
        ema=0.999,
        augmentation={"flip": 0.5, "crop": 1, "erase": 0.3},
        fade=0.1,
        threads=1,
        weights="float16",
    ),
    "fashion-cnn": TrainingSpec(
        dataset="fashion-mnist",
        network="residual",
        hyperparameters={"widths": [64, 128, 256], "mirror": True},
        dataset_options={"validation_fraction": 1 / 60},
        epochs=106,
        batch_size=256,
        learning_rate=0.003,
        weight_decay=0.05,
        label_smoothing=0.1,
        ema=0.999,
        augmentation={"flip": 0.5, "crop": 2, "erase": 0.5},
        threads=1,
        weights="float16",
    ),
    "cifar10-quick": TrainingSpec(  # for a lesson: eleven minutes on two cores with AMX
        dataset="cifar10",
        dataset_options={"validation_fraction": 0.05},
        network="residual",
        hyperparameters={
            "widths": [64, 128, 256],
            "early_pooling": True,
            "patch": 2,
            "mirror": True,
            "shifted": True,
            "activation": "gelu",
        },
        epochs=24,
        batch_size=512,
        optimizer="muon",
        learning_rate=0.02,
        weight_decay=0.2,
        label_smoothing=0.05,
        ema=0.98,
        augmentation={"flip": 0.5, "crop": 2, "mix": 0.5},
        fade=0.2,
        weights="float16",
    ),
    "cifar10-resnet": TrainingSpec(
        dataset="cifar10-jpeg",
        dataset_options={"validation_fraction": 0.05},
        network="residual",
        hyperparameters={
            "widths": [96, 256, 320],
            "early_pooling": True,
            "first_branch": True,
            "patch": 2,
            "mirror": True,
            "shifted": True,
            "activation": "gelu",
        },
        epochs=115,
        batch_size=512,
        optimizer="muon",
        learning_rate=0.02,
        weight_decay=0.15,
        ema=0.99,
        augmentation={"flip": 0.5, "crop": 3, "light": 0.3, "erase": 0.3, "mix": 0.8},
        threads=2,
        weights="float16",
    ),
}
