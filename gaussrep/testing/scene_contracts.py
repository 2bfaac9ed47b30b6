"""The contracts of densification strategies, capture formats and scene sources."""

from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor

from gaussrep.building import build
from gaussrep.data.scenes.frames import FrameRef
from gaussrep.data.scenes.source import SceneSource
from gaussrep.errors import CapabilityError, DataError
from gaussrep.fitting.capture import Capture
from gaussrep.fitting.posed_images import PosedImages
from gaussrep.fitting.scene_model import SceneModel
from gaussrep.fitting.strategy import StepInfo, Strategy
from gaussrep.fitting.synthetic import known_scene
from gaussrep.testing.component_contract import ComponentContract


class StrategyContract(ComponentContract):
    """Subclass this in a plugin's tests and set `name`.

    The strategy changes a synthetic scene over a number of optimizer steps with random gradients.

    Examples:
        >>> class TestMine(StrategyContract):
        ...     name = "mine"
    """

    kind = "strategies"

    steps: ClassVar[int] = 300
    """Optimizer steps of the fit."""

    max_gaussians: ClassVar[int | None] = None
    """Number of Gaussians that the settings allow; None if there is no limit."""

    def make(self) -> Strategy:
        """Construct the strategy.

        Returns:
            A new one, for a scene of extent 1.
        """
        return self.build(steps=self.steps, extent=1.0)

    def fit(self, strategy: Strategy, scene: SceneModel, start: int, stop: int) -> None:
        """Make optimizer steps with random gradients, and let the strategy act after each.

        Args:
            strategy: The strategy.
            scene: The scene; changed.
            start: Steps made before.
            stop: Steps made afterwards.
        """
        optimizers = {
            name: torch.optim.Adam([parameter], lr=1e-4) for name, parameter in scene.raw.items()
        }
        for step in range(start + 1, stop + 1):
            generator = torch.Generator().manual_seed(step)
            for optimizer in optimizers.values():
                (parameter,) = optimizer.param_groups[0]["params"]
                parameter.grad = torch.randn(parameter.shape, generator=generator)
                optimizer.step()
            pixel_gradients = 1e-3 * torch.randn(1, scene.count, 2, generator=generator)
            strategy.after_step(scene, optimizers, StepInfo(step, 1e-4, pixel_gradients, generator))
            self.assert_consistent(scene, optimizers)

    def assert_consistent(self, scene: SceneModel, optimizers: dict[str, torch.optim.Adam]) -> None:
        """Assert that all tensors and optimizers are of one number of Gaussians.

        Args:
            scene: The scene.
            optimizers: Its optimizers.
        """
        assert scene.count > 0
        for name, parameter in scene.raw.items():
            assert len(parameter) == scene.count
            assert parameter.isfinite().all(), name
            (optimized,) = optimizers[name].param_groups[0]["params"]
            assert optimized is parameter
            states = optimizers[name].state.values()
            assert all(
                value.shape == parameter.shape
                for state in states
                for value in state.values()
                if value.ndim > 0
            )

    def test_it_is_a_strategy(self) -> None:
        assert isinstance(self.make(), Strategy)

    def test_scene_and_optimizers_stay_consistent(self) -> None:
        scene = SceneModel(known_scene(), sh_degree=1)
        self.fit(self.make(), scene, 0, self.steps)
        if self.max_gaussians is not None:
            assert scene.count <= max(self.max_gaussians, known_scene().count)

    def test_the_same_steps_give_the_same_scene(self) -> None:
        one, two = (SceneModel(known_scene(), sh_degree=0) for _ in range(2))
        self.fit(self.make(), one, 0, self.steps // 2)
        self.fit(self.make(), two, 0, self.steps // 2)
        assert one.raw.keys() == two.raw.keys()
        assert all(torch.equal(one.raw[name], two.raw[name]) for name in one.raw)

    def test_its_state_holds_tensors(self) -> None:
        strategy = self.make()
        self.fit(strategy, SceneModel(known_scene(), sh_degree=0), 0, 2)
        assert all(isinstance(value, Tensor) for value in strategy.state.values())

    def test_its_penalty_is_a_differentiable_scalar(self) -> None:
        scene = SceneModel(known_scene(), sh_degree=0)
        penalty = self.make().penalty(scene.gaussians())
        assert penalty.shape == ()
        assert penalty.isfinite()


class CaptureContract(ComponentContract):
    """Subclass this in a plugin's tests, set `name`, and give the fixture `path`.

    Examples:
        >>> class TestMine(CaptureContract):
        ...     name = "mine"
        ...
        ...     @pytest.fixture
        ...     def path(self, tmp_path):
        ...         (tmp_path / "mine.json").write_text("{}")
        ...         return tmp_path
    """

    kind = "captures"

    @pytest.fixture
    def path(self) -> Any:
        """A capture of at least two views; override it."""
        raise NotImplementedError

    @pytest.fixture
    def capture(self, path: Any) -> Capture:
        """The capture, read."""
        return self.read(path)

    def read(self, path: Any) -> Capture:
        """Read a capture.

        Args:
            path: A folder, or a name with the record's prefix.

        Returns:
            The capture.
        """
        config = {"type": self.name, "path": str(path), **self.settings}
        return build(self.kind, config, path=str(path))

    def test_its_record_identifies_the_path(self, path: Any) -> None:
        if self.record.prefix is not None and str(path).startswith(self.record.prefix):
            return
        assert any(any(Path(path).glob(marker)) for marker in self.record.markers)

    def test_images_and_cameras_fit(self, capture: Capture) -> None:
        assert isinstance(capture, Capture)
        for images in (capture.train, capture.held_out):
            if images is not None:
                _check_images(images.read())

    def test_points_have_colors(self, capture: Capture) -> None:
        if capture.points is None:
            pytest.skip("the capture has no points")
        assert capture.points.isfinite().all()
        if capture.colors is not None:
            assert capture.colors.shape == capture.points.shape
            assert ((capture.colors >= 0) & (capture.colors <= 1)).all()

    def test_reading_again_gives_the_same(self, path: Any, capture: Capture) -> None:
        again = self.read(path)
        assert torch.equal(again.train.read().colors, capture.train.read().colors)
        assert torch.equal(again.train.cameras.viewmats, capture.train.cameras.viewmats)

    def test_a_missing_capture_is_a_data_error(self, tmp_path: Path) -> None:
        missing = f"{self.record.prefix}none" if self.record.prefix else tmp_path / "none"
        with pytest.raises(DataError):
            self.read(missing)


class SceneSourceContract(ComponentContract):
    """Subclass this in a plugin's tests, set `name`, and `settings` of a small data set.

    Examples:
        >>> class TestMine(SceneSourceContract):
        ...     name = "mine"
        ...     settings = {"root": "tests/small"}
    """

    kind = "scene_sources"

    split: ClassVar[str] = "train"
    """Split with at least one scene."""

    has_frames: ClassVar[bool] = True
    """Whether the scenes have images; a source without any refuses to list them."""

    @pytest.fixture
    def source(self) -> SceneSource:
        """The source under test."""
        return self.build(split=self.split)

    def test_it_has_scenes(self, source: SceneSource) -> None:
        assert isinstance(source, SceneSource)
        assert source.names
        assert len(set(source.names)) == len(source.names)
        assert all(isinstance(name, str) for name in (*source.names, *source.classes))

    def test_points_are_valid(self, source: SceneSource) -> None:
        cloud = source.cloud(source.names[0])
        assert cloud.count > 0
        assert cloud.points.isfinite().all()
        assert ((cloud.colors >= 0) & (cloud.colors <= 1)).all()
        assert cloud.labels.max() < max(1, len(source.classes))

    def test_reading_again_gives_the_same_points(self, source: SceneSource) -> None:
        name = source.names[0]
        assert torch.equal(source.cloud(name).points, source.cloud(name).points)

    def test_frames_can_be_read(self, source: SceneSource) -> None:
        if not self.has_frames:
            with pytest.raises(CapabilityError):
                source.frames(source.names[0])
            return
        frames = source.frames(source.names[0])
        assert frames
        assert all(isinstance(frame, FrameRef) for frame in frames)
        frame = frames[0].read()
        rotation = torch.as_tensor(frames[0].viewmat[:3, :3]).double()
        torch.testing.assert_close(
            rotation @ rotation.mT, torch.eye(3, dtype=torch.float64), atol=1e-3, rtol=0
        )
        assert (frame.depth > 0).any()


def _check_images(images: PosedImages) -> None:
    assert images.count > 0
    assert images.cameras.model == "pinhole"
    assert images.cameras.viewmats.isfinite().all()
    rotations = images.cameras.viewmats[:, :3, :3].double()
    eye = torch.eye(3, dtype=torch.float64).expand_as(rotations)
    torch.testing.assert_close(rotations @ rotations.mT, eye, atol=1e-3, rtol=0)
    assert (rotations.det() > 0).all()
    assert ((images.colors >= 0) & (images.colors <= 1)).all()
    if images.depths is not None:
        assert (images.depths >= 0).all()
