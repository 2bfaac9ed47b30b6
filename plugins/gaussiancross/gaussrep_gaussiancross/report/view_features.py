"""Features of views: the teacher's, and those that were rendered and projected."""

from dataclasses import dataclass

from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity

from gaussrep.embedding.principal_colors import PrincipalColors
from gaussrep.methods.method import Batch
from gaussrep.rendering import Rendering
from gaussrep_gaussiancross.method import GaussianCross
from gaussrep_gaussiancross.report.column import Column


@dataclass(frozen=True, eq=False)
class ViewFeatures:
    """Feature maps of the views of a scene.

    Attributes:
        teacher: F*.
        said: F̂, rendered and projected.
    """

    teacher: Float[Tensor, "v rows columns d"]
    said: Float[Tensor, "v rows columns d"]

    @classmethod
    def of(cls, method: GaussianCross, batch: Batch, drawn: Rendering) -> "ViewFeatures":
        """Let a method's teacher and its projector speak.

        Args:
            method: With a teacher, that is, with a semantic weight.
            batch: One scene with views.
            drawn: What its Gaussians look like from there.
        """
        teacher = method.teacher(rearrange(batch["images"], "1 v c h w -> v c h w"))
        assert drawn.features is not None
        return cls(teacher, method.projector(drawn.features, *teacher.shape[1:3]))

    def cosines(self) -> Float[Tensor, " v"]:
        """Mean cosine of both in each view."""
        return cosine_similarity(self.said, self.teacher, dim=-1).mean((1, 2))

    def columns(self) -> list[Column]:
        """Draw both by the teacher's principal components."""
        colors = PrincipalColors.of(
            rearrange(self.teacher, "v rows columns d -> (v rows columns) d")
        )
        return [
            Column("teacher", colors.paint(self.teacher)),
            Column("rendered features", colors.paint(self.said)),
        ]
