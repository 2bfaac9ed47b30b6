"""The model of the three methods."""

from typing import TYPE_CHECKING, Any

import torch
from nerfstudio.cameras.cameras import Cameras
from nerfstudio.data.scene_box import OrientedBox
from nerfstudio.engine.callbacks import TrainingCallback, TrainingCallbackAttributes
from nerfstudio.models.base_model import Model
from torch import Tensor
from torch.nn import Parameter

import gaussrep as gr
from gaussrep import Cameras as GaussrepCameras
from gaussrep.fitting import FittedViews, SceneFitter
from gaussrep.metrics import psnr
from gaussrep_nerfstudio.cameras import cameras_of
from gaussrep_nerfstudio.cloud import CLOUD
from gaussrep_nerfstudio.distillation import FeatureTargets, encode_images
from gaussrep_nerfstudio.fit_config import scene_config
from gaussrep_nerfstudio.initialization import place_gaussians
from gaussrep_nerfstudio.losses import feature_loss, image_loss, images_of
from gaussrep_nerfstudio.metrics import ViewMetrics, comparison_images
from gaussrep_nerfstudio.picker import Picker
from gaussrep_nerfstudio.scene_images import CAMERAS
from gaussrep_nerfstudio.schedule import Schedule
from gaussrep_nerfstudio.view_outputs import feature_outputs, inside, outputs_of

if TYPE_CHECKING:
    from gaussrep_nerfstudio.model_config import GaussrepModelConfig


class GaussrepModel(Model):
    """The Gaussians of one scene, with or without features.

    The first Gaussians are made when nerfstudio reads the parameter groups, so that evaluating a
    checkpoint needs neither the data's points nor the run that predicted them.

    Args:
        config: Settings.
        kwargs: Arguments of nerfstudio's base class; `metadata` holds the training cameras, and
            `seed_points` the data's points.
    """

    config: "GaussrepModelConfig"

    def populate_modules(self) -> None:
        """Build the modules that a checkpoint is loaded into."""
        self._cameras = cameras_of(self.kwargs["metadata"][CAMERAS])
        seed = torch.initial_seed() % 2**63
        channels = None if self.config.encoder is None else self.config.feature_channels
        self._fitter = SceneFitter(scene_config(self.config), seed, self._cameras, channels)
        self.scene, self.calibration = self._fitter.scene, self._fitter.calibration
        self._loss = self._fitter.loss
        self.picker = None if self.config.encoder is None else Picker()
        self._metrics = ViewMetrics(self.config.lpips)
        self._schedule: Schedule | None = None
        self._feature_targets: FeatureTargets | None = None
        self._box: OrientedBox | None = None
        self._saved: dict[str, Any] = {"steps": None, "strategy": {}}

    def get_param_groups(self) -> dict[str, list[Parameter]]:
        """Make the first Gaussians, and return the trained parameters by group."""
        points, known = self.kwargs.get("seed_points"), self.kwargs["metadata"].get(CLOUD)
        place_gaussians(self._fitter, self.config, self._cameras, points, known)
        self.scene = self._fitter.scene.to(self.device)
        groups = {name: [parameter] for name, parameter in self.scene.raw.items()}
        if self._fitter.config.calibrate:
            groups["calibration"] = list(self.calibration.parameters())
        return groups

    def get_training_callbacks(
        self, training_callback_attributes: TrainingCallbackAttributes
    ) -> list[TrainingCallback]:
        """Schedule the steps, and encode the images if there are features."""
        trainer = training_callback_attributes.trainer
        assert trainer is not None
        if self.device.type == "cpu":
            gr.threads(wait="adaptive")
        steps = self._saved["steps"] or trainer.config.max_num_iterations
        self._schedule = Schedule(
            self._fitter, trainer.optimizers, steps=steps, state=self._saved["strategy"]
        )
        if self.config.encoder is not None:
            manager: Any = trainer.pipeline.datamanager
            self._feature_targets = encode_images(self.config, manager.cached_train, self.device)
        return self._schedule.callbacks()

    def get_outputs(self, ray_bundle: Cameras) -> dict[str, Tensor]:
        """Render one camera's view: `rgb`, `depth`, `accumulation`, and features."""
        cameras = cameras_of(ray_bundle)
        if self.training and self._schedule is not None:
            self._views = self._fitter.render_step(cameras)
        else:
            self._views = self._render(cameras)
        outputs = outputs_of(self._views.rendering)
        if not self.training and self.picker is not None:
            outputs |= feature_outputs(self._views, self.picker.ray, self.config.renderer)
        return outputs

    @torch.no_grad()
    def get_outputs_for_camera(
        self, camera: Cameras, obb_box: OrientedBox | None = None
    ) -> dict[str, Tensor]:
        """Render the part of the scene inside a box."""
        self._box = obb_box
        return self.get_outputs(camera.to(self.device))

    def get_metrics_dict(self, outputs: dict[str, Tensor], batch: dict[str, Any]) -> dict[str, Any]:
        """Compute the PSNR of the image, and count the Gaussians."""
        decibels = psnr(outputs["rgb"], self._truth(batch))
        return {"psnr": decibels, "gaussians": self.scene.count}

    def get_loss_dict(
        self, outputs: dict[str, Tensor], batch: dict[str, Any], metrics_dict: Any = None
    ) -> dict[str, Tensor]:
        """Compute the loss of `gaussrep fit`, the strategy's penalty and the error of features."""
        views = self._views
        losses = {"image": image_loss(self._fitter, views, batch)}
        if self.training and self._fitter.strategy is not None:
            losses["strategy"] = self._fitter.strategy.penalty(views.gaussians)
        if self.training and self._feature_targets is not None:
            error = feature_loss(views.rendering, batch, self._feature_targets)
            losses["features"] = self.config.feature_weight * error
        return losses

    def get_image_metrics_and_images(
        self, outputs: dict[str, Tensor], batch: dict[str, Any]
    ) -> tuple[dict[str, float], dict[str, Tensor]]:
        """Compare a rendered image with the captured one, and put them side by side."""
        truth = self._truth(batch)
        return self._metrics(outputs["rgb"], truth), comparison_images(outputs, truth)

    def get_extra_state(self) -> dict[str, Any]:
        """Return what a checkpoint holds besides the weights: tensors and plain types only."""
        if self._schedule is None or self._fitter.strategy is None:
            return self._saved
        return {"steps": self._schedule.steps, "strategy": self._fitter.strategy.state}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Restore what `get_extra_state` returned."""
        self._saved = state

    def _render(self, cameras: GaussrepCameras) -> FittedViews:
        """Render the whole scene, or the part of it inside the box."""
        gaussians = self.scene.gaussians()
        if self._box is not None and not self.training:
            gaussians = inside(gaussians, self._box)
        return self._fitter.render(cameras, gaussians)

    def _truth(self, batch: dict[str, Any]) -> Tensor:
        return images_of(batch, self._views.cameras).over(self._views.background)[0]
