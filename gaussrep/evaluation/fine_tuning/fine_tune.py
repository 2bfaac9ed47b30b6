"""The `fine-tune` evaluation: the whole encoder trained on labels."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import torch
from torch.utils.data import default_collate

from gaussrep.data.sample import SampleKey
from gaussrep.errors import DataError
from gaussrep.evaluation.evaluation import Evaluation, Scores
from gaussrep.evaluation.features import LabeledDataset, labeled_split
from gaussrep.evaluation.fine_tuning.classifier import Classifier
from gaussrep.evaluation.fine_tuning.config import ClassifierConfig, FineTuneConfig
from gaussrep.methods.digest import hash_state_dict
from gaussrep.methods.method import Method
from gaussrep.training.config import TrainConfig, TrainerConfig
from gaussrep.training.metrics_table import read_rows
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.trainer import train_or_resume

LR_SAMPLES = 256
"""Samples per step that `base_lr` is for (MAE)."""


class FineTune(Evaluation):
    """Trains a copy of the method's encoder, and a linear head, on labels.

    The training is a run of the `classifier` method in a folder of its own, with the data set's
    augmentation. If that folder holds the same run already, it is resumed, or read if it is
    complete. The score is that of the last step, not of the best one.

    Args:
        config: Its settings.
    """

    config: FineTuneConfig
    online: ClassVar[bool] = False

    def measure(self, method: Method) -> Scores:
        """Compute `top1` on the validation split.

        Args:
            method: One that embeds and lists its `embedding_layers`.

        Returns:
            One row.

        Raises:
            DataError: The data set has no classes, or too few training samples.
            CapabilityError: The method does not embed.
        """
        dataset = labeled_split(self.config.data, "train", augment=True)
        config = self._training(method, dataset)
        with self._folder() as folder:
            train_or_resume(config, folder, lambda classifier: _take_weights(classifier, method))
            last = read_rows(RunFolder(folder).metrics_file)[1][-1]
        facts = {
            "train_samples": len(dataset),
            "classes": len(dataset.classes),
            "epochs": self.config.epochs,
            "steps": config.trainer.steps,
            "samples_per_step": self._per_step(),
            "lr": config.trainer.lr,
        }
        return Scores({method.name: {"top1": float(last["val_top1"])}}, facts)

    def _training(self, method: Method, dataset: LabeledDataset) -> TrainConfig:
        config, steps_per_epoch = self.config, len(dataset) // self._per_step()
        if steps_per_epoch == 0:
            raise DataError(
                f"the training split holds {len(dataset)} samples, fewer than the "
                f"{self._per_step()} of one step; lower batch_size or gradient_accumulation_steps"
            )
        classifier = ClassifierConfig(
            type="classifier",
            base_method=method.config,
            width=_width(method, dataset),
            classes=len(dataset.classes),
            layer_decay=config.layer_decay,
            label_smoothing=config.label_smoothing,
            mixup=config.mixup,
            cutmix=config.cutmix,
            initial_weights_hash=hash_state_dict(method),
        )
        trainer = self._trainer(steps_per_epoch, method.device.type)
        return TrainConfig(method=classifier, data=config.data, trainer=trainer, seed=config.seed)

    def _trainer(self, steps_per_epoch: int, device: str) -> TrainerConfig:
        config = self.config
        same = ("batch_size", "gradient_accumulation_steps", "weight_decay", "precision")
        return TrainerConfig.model_validate(
            {
                **{name: getattr(config, name) for name in (*same, "num_workers")},
                "optimizer": {"type": "adamw", "betas": config.betas},
                "schedule": {
                    "type": "warmup-cosine",
                    "warmup_fraction": config.warmup_fraction,
                    "min_lr": config.min_lr,
                },
                "steps": self.config.epochs * steps_per_epoch,
                "lr": self.config.base_lr * self._per_step() / LR_SAMPLES,
                "device": device,
                "checkpoint_every": steps_per_epoch,
                "validate_every": steps_per_epoch,
                "keep_last": 1,
            }
        )

    def _per_step(self) -> int:
        return self.config.batch_size * self.config.gradient_accumulation_steps

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        if self.config.folder is not None:
            yield self.config.folder
            return
        with TemporaryDirectory() as folder:
            yield Path(folder) / "run"


def _width(method: Method, dataset: LabeledDataset) -> int:
    sample = default_collate([dataset[SampleKey(0)]])
    with torch.no_grad():
        batch = {name: values.to(method.device) for name, values in sample.items()}
        return method.embed(batch).pooled.shape[1]


def _take_weights(classifier: Method, method: Method) -> None:
    assert isinstance(classifier, Classifier)
    classifier.base_method.load_state_dict(method.state_dict())
