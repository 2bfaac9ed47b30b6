"""The one model of the three methods."""

from typing import Any

import torch
from nerfstudio.cameras.cameras import Cameras
from nerfstudio.data.scene_box import OrientedBox
from nerfstudio.engine.callbacks import TrainingCallback, TrainingCallbackAttributes
from nerfstudio.models.base_model import Model
from torch import Tensor
from torch.nn import Parameter

from gaussrep.building import build
from gaussrep.fitting.calibration import Calibration
from gaussrep.fitting.distillation import FeatureTargets
from gaussrep.fitting.initialization import scene_extent
from gaussrep.fitting.scene_model import SceneModel
from gaussrep.metrics import psnr
from gaussrep_nerfstudio.batches import pictures_of
from gaussrep_nerfstudio.cameras import cameras_of
from gaussrep_nerfstudio.cloud import CLOUD
from gaussrep_nerfstudio.feature_outputs import feature_outputs
from gaussrep_nerfstudio.first import begin, nothing
from gaussrep_nerfstudio.fit_config import scene_config
from gaussrep_nerfstudio.lessons import lessons_of
from gaussrep_nerfstudio.losses import feature_loss, picture_loss
from gaussrep_nerfstudio.measures import Measures, shown
from gaussrep_nerfstudio.model_config import GaussrepModelConfig
from gaussrep_nerfstudio.picker import Picker
from gaussrep_nerfstudio.scene_images import CAMERAS
from gaussrep_nerfstudio.schedule import Schedule
from gaussrep_nerfstudio.views import View, inside


class GaussrepModel(Model):
    """A scene as Gaussians, with or without features, from whatever start.

    The first Gaussians are made when nerfstudio asks for what is to be trained, so that evaluating
    a checkpoint needs neither the data's points nor the run that predicted them.

    Args:
        config: Everything that can be chosen.
        kwargs: What nerfstudio's base class takes; its `metadata` holds the training cameras, and
            `seed_points` the data's points.
    """

    config: GaussrepModelConfig

    def populate_modules(self) -> None:
        """Make what a checkpoint is loaded into."""
        self._cameras = cameras_of(self.kwargs["metadata"][CAMERAS])
        self._seed = torch.initial_seed() % 2**63
        self._fit = scene_config(self.config)
        self._loss = build("losses", self._fit.loss)
        self._extent = scene_extent(self._cameras)
        self.scene = SceneModel(nothing(self.config), self._fit.sh_degree)
        self.calibration = Calibration(self._extent).requires_grad_(self._fit.calibrate)
        self.picker = None if self.config.encoder is None else Picker()
        self._measures = Measures(self.config.lpips)
        self._schedule: Schedule | None = None
        self._lessons: FeatureTargets | None = None
        self._box: OrientedBox | None = None
        self._saved: dict[str, Any] = {"steps": None, "strategy": {}}

    def get_param_groups(self) -> dict[str, list[Parameter]]:
        """Make the first Gaussians, and name what is trained."""
        points, known = self.kwargs.get("seed_points"), self.kwargs["metadata"].get(CLOUD)
        start = begin(self.config, self._fit, self._cameras, points, known, self._seed)
        self.scene = SceneModel(start, self._fit.sh_degree).to(self.device)
        groups = {name: [parameter] for name, parameter in self.scene.raw.items()}
        if self._fit.calibrate:
            groups["calibration"] = list(self.calibration.parameters())
        return groups

    def get_training_callbacks(
        self, training_callback_attributes: TrainingCallbackAttributes
    ) -> list[TrainingCallback]:
        """Lay out the steps, and encode the pictures where features are wanted."""
        trainer = training_callback_attributes.trainer
        assert trainer is not None
        steps = self._saved["steps"] or trainer.config.max_num_iterations
        self._schedule = Schedule(
            self._fit,
            self._extent,
            self.scene,
            trainer.optimizers,
            steps=steps,
            seed=self._seed,
        )
        self._schedule.strategy.state = self._saved["strategy"]
        if self.config.encoder is not None:
            manager: Any = trainer.pipeline.datamanager
            self._lessons = lessons_of(self.config, manager.cached_train, self.device)
        return self._schedule.callbacks(lambda: self._view)

    def get_outputs(self, ray_bundle: Cameras) -> dict[str, Tensor]:
        """Draw the scene as one camera sees it: `rgb`, `depth`, `accumulation`, and features."""
        schedule = self._schedule if self.training else None
        gaussians = self.scene.gaussians(None if schedule is None else schedule.sh_degree)
        if self._box is not None and not self.training:
            gaussians = inside(gaussians, self._box)
        cameras = cameras_of(ray_bundle)
        if self._fit.calibrate:
            cameras = self.calibration(cameras)
        still = gaussians.means.new_tensor(self._fit.background)
        background = still if schedule is None else schedule.background
        self._view = View.draw(gaussians, cameras, background, self.config.renderer)
        outputs = self._view.outputs()
        if not self.training and self.picker is not None:
            outputs |= feature_outputs(self._view, self.picker.ray, self.config.renderer)
        return outputs

    @torch.no_grad()
    def get_outputs_for_camera(
        self, camera: Cameras, obb_box: OrientedBox | None = None
    ) -> dict[str, Tensor]:
        """Draw what of the scene lies in a box."""
        self._box = obb_box
        return self.get_outputs(camera.to(self.device))

    def get_metrics_dict(self, outputs: dict[str, Tensor], batch: dict[str, Any]) -> dict[str, Any]:
        """PSNR of the picture, and how many Gaussians there are."""
        decibels = psnr(outputs["rgb"], self._truth(batch))
        return {"psnr": decibels, "gaussians": self.scene.count}

    def get_loss_dict(
        self, outputs: dict[str, Tensor], batch: dict[str, Any], metrics_dict: Any = None
    ) -> dict[str, Tensor]:
        """What `gaussrep fit` minimizes, and the features' error."""
        losses = {
            "picture": picture_loss(
                self._view,
                batch,
                self._loss,
                depth_weight=self._fit.depth_weight,
                extent=self._extent,
            )
        }
        if self.training and self._schedule is not None:
            losses["strategy"] = self._schedule.strategy.penalty(self._view.gaussians)
        if self.training and self._lessons is not None:
            error = feature_loss(self._view, batch, self._lessons)
            losses["features"] = self.config.feature_weight * error
        return losses

    def get_image_metrics_and_images(
        self, outputs: dict[str, Tensor], batch: dict[str, Any]
    ) -> tuple[dict[str, float], dict[str, Tensor]]:
        """Compare a picture with the one that was taken, and lay them side by side."""
        truth = self._truth(batch)
        return self._measures(outputs["rgb"], truth), shown(outputs, truth)

    def get_extra_state(self) -> dict[str, Any]:
        """What a checkpoint holds beside tensors of the model; tensors and plain types only."""
        if self._schedule is None:
            return self._saved
        return {"steps": self._schedule.steps, "strategy": self._schedule.strategy.state}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Take back what a checkpoint holds."""
        self._saved = state

    def _truth(self, batch: dict[str, Any]) -> Tensor:
        return pictures_of(batch, self._view.cameras).over(self._view.background)[0]
