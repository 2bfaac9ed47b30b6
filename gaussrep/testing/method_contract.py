"""The contract of methods."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import pytest
import torch
from torch.utils.data import default_collate

from gaussrep import plugins
from gaussrep.building import build
from gaussrep.data.sample import SampleKey
from gaussrep.errors import CapabilityError
from gaussrep.methods.method import Batch, Method, StepOutput
from gaussrep.testing.component_contract import ComponentContract
from gaussrep.testing.learning import assert_all_learn
from gaussrep.training.loading import CollatingDataset, MapDataset

SEED = 3
OUTPUTS = frozenset({"gaussians", "embed", "reconstruct", "embedding_layers"})
"""The capabilities that the record of a method may declare."""


class MethodContract(ComponentContract):
    """Subclass this in a plugin's tests and set `name`, and `settings` that make it small.

    The method is built and set up as the trainer does it. Outputs that its record declares among
    `capabilities` are checked; the others must be refused with a `CapabilityError`. A method that
    does not learn from images sets `data`, or overrides `make_dataset`, `make_batch` or the fixture
    `batch`.

    Examples:
        >>> class TestMine(MethodContract):
        ...     name = "mine"
        ...     settings = {"image_size": 32}
    """

    kind = "methods"

    data: ClassVar[Mapping[str, Any]] = MappingProxyType({"type": "shapes", "image_size": 32})
    """Data set that the method is set up for, and whose first samples are the batch."""

    batch_size: ClassVar[int] = 3
    """Samples of the batch."""

    steps: ClassVar[int] = 20
    """Optimizer steps after which the loss on one batch must be lower."""

    lr: ClassVar[float] = 3e-3
    """Learning rate of those steps."""

    spared: ClassVar[frozenset[str]] = frozenset()
    """Parameters that these settings give no gradient."""

    @pytest.fixture
    def method(self) -> Method:
        """The method under test, with its initial weights."""
        return self.make()

    @pytest.fixture
    def batch(self) -> Batch:
        """Tensors by name."""
        return self.make_batch()

    def make_dataset(self) -> MapDataset:
        """Build the training split of `data`.

        Returns:
            The data set.
        """
        return build("datasets", self.data, split="train")

    def make_batch(self) -> Batch:
        """Make a batch of the training split.

        Returns:
            Its first `batch_size` samples.
        """
        dataset = self.make_dataset()
        samples = [dataset[SampleKey(index)] for index in range(self.batch_size)]
        join = dataset.collate if isinstance(dataset, CollatingDataset) else default_collate
        return join(samples)

    def make(self) -> Method:
        """Build the method and set it up for the training split.

        Returns:
            The method, with the same initial weights in every call.
        """
        torch.manual_seed(0)
        method = self.build()
        method.setup(self.make_dataset())
        return method

    def step(self, method: Method, batch: Batch) -> StepOutput:
        """Compute the training loss of the first step, with the same random numbers in every call.

        Args:
            method: The method under test.
            batch: Tensors by name.

        Returns:
            The loss and the metrics.
        """
        torch.manual_seed(SEED)
        method.on_step_start(0, self.steps)
        return method.training_loss(batch)

    def optimizers(self, method: Method) -> list[torch.optim.Optimizer]:
        """Build the method's own optimizers, or AdamW if it has none.

        Args:
            method: The method under test.

        Returns:
            Optimizers over its parameters.
        """
        own = method.configure_optimizers()
        if own is not None:
            return [each.optimizer for each in own.values()]
        trained = [parameter for parameter in method.parameters() if parameter.requires_grad]
        return [torch.optim.AdamW(trained, lr=self.lr)]

    def output(self, method: Method, name: str, *arguments: Any) -> Any:
        """Compute an output that the record declares, or check that the method refuses it.

        Args:
            method: The method under test; it is put into evaluation mode.
            name: One of `capabilities`.
            *arguments: Arguments of the method's function of that name.

        Returns:
            The output; None if it is not declared.
        """
        compute = getattr(method.eval(), name)
        if name in self.record.capabilities:
            return compute(*arguments)
        with pytest.raises(CapabilityError):
            compute(*arguments)
        return None

    def test_it_is_a_method(self, method: Method) -> None:
        assert isinstance(method, Method)
        assert plugins.find("methods", method.config.type) == plugins.find("methods", self.name)

    def test_the_loss_is_a_number_with_a_graph(self, method: Method, batch: Batch) -> None:
        before = {name: tensor.clone() for name, tensor in batch.items()}
        output = self.step(method, batch)
        assert output.loss.shape == ()
        assert output.loss.requires_grad
        assert torch.isfinite(output.loss)
        assert all(value.numel() == 1 for value in output.metrics.values())
        for name, tensor in batch.items():
            torch.testing.assert_close(tensor, before[name], equal_nan=True, msg=name)

    def test_every_parameter_learns(self, method: Method, batch: Batch) -> None:
        assert_all_learn(method, self.step(method, batch).loss, self.spared)

    def test_what_is_random_is_drawn_from_torch(self, method: Method, batch: Batch) -> None:
        first = self.step(method, batch).loss
        torch.testing.assert_close(self.step(method, batch).loss, first)

    def test_it_learns_a_batch(self, method: Method, batch: Batch) -> None:
        before = self.step(method, batch).loss.item()
        optimizers = self.optimizers(method)
        for _ in range(self.steps):
            self.step(method, batch).loss.backward()
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad()
        assert self.step(method, batch).loss.item() < before

    def test_it_is_measured_without_gradients(self, method: Method, batch: Batch) -> None:
        with torch.no_grad():
            assert torch.isfinite(self.step(method.eval(), batch).loss)
            assert torch.isfinite(method.validation_loss(batch).loss)

    def test_the_network_runs_in_bf16(self, method: Method, batch: Batch) -> None:
        with torch.autocast("cpu", torch.bfloat16):
            assert torch.isfinite(self.step(method, batch).loss)

    def test_its_weights_are_all_that_it_is(self, method: Method, batch: Batch) -> None:
        other = self.build().eval()
        other.load_state_dict(method.state_dict())
        with torch.no_grad():
            expected, actual = (self.step(one, batch).loss for one in (method.eval(), other))
        torch.testing.assert_close(actual, expected)

    def test_no_two_weights_share_their_memory(self, method: Method) -> None:
        places = [tensor.data_ptr() for tensor in method.state_dict().values() if tensor.numel()]
        assert len(places) == len(set(places))

    def test_what_it_names_exists(self, method: Method) -> None:
        names = dict(method.named_parameters()).keys()
        assert method.no_weight_decay() <= names
        assert method.lr_scales().keys() <= names
        assert all(scale > 0 for scale in method.lr_scales().values())

    def test_it_writes_only_the_files_of_its_record(self, method: Method, tmp_path: Path) -> None:
        method.export(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} <= set(self.record.run_files)

    def test_its_record_declares_known_outputs(self) -> None:
        assert self.record.capabilities <= OUTPUTS

    @torch.no_grad()
    def test_gaussians(self, method: Method, batch: Batch) -> None:
        gaussians = self.output(method, "gaussians", batch)
        if gaussians is None:
            return
        assert len(gaussians.batch_shape) == 1
        assert len(gaussians.means) == len(batch["index"])
        assert all(torch.isfinite(tensor).all() for _, tensor in gaussians.tensors())
        assert ((gaussians.opacities >= 0) & (gaussians.opacities <= 1)).all()
        assert (gaussians.scales > 0).all()

    @torch.no_grad()
    def test_embedding(self, method: Method, batch: Batch) -> None:
        embedding = self.output(method, "embed", batch)
        if embedding is None:
            return
        count, _, width = embedding.tokens.shape
        assert count == len(batch["index"])
        assert embedding.pooled.shape == (count, width)
        assert torch.isfinite(embedding.tokens).all()
        torch.testing.assert_close(method.embed(batch).pooled, embedding.pooled)

    @torch.no_grad()
    def test_reconstruction(self, method: Method, batch: Batch) -> None:
        reconstruction = self.output(method, "reconstruct", batch)
        if reconstruction is None:
            return
        assert reconstruction.images.shape == batch["image"].shape
        assert ((reconstruction.images >= 0) & (reconstruction.images <= 1)).all()
        assert reconstruction.masked.dtype == torch.bool

    def test_embedding_layers_are_what_the_embedding_runs_through(
        self, method: Method, batch: Batch
    ) -> None:
        layers = self.output(method, "embedding_layers")
        if layers is None:
            return
        named = [parameter for layer in layers for parameter in layer.parameters()]
        assert len(named) == len(set(named))
        pooled = method.embed(batch).pooled.square().sum()
        trained = [parameter for parameter in method.parameters() if parameter.requires_grad]
        found = torch.autograd.grad(pooled, trained, allow_unused=True)
        used = {p for p, gradient in zip(trained, found, strict=True) if gradient is not None}
        assert used <= set(named)
