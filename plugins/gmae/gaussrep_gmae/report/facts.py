"""Facts about a model."""

from gaussrep.methods import ReportSamples
from gaussrep_gmae.config import TransformerConfig
from gaussrep_gmae.masked import MaskedMethod
from gaussrep_gmae.method import GMAE

Fact = tuple[str, str]
"""Name and value."""


def training_facts(samples: ReportSamples) -> list[Fact]:
    """List the facts about the training.

    Args:
        samples: The samples of a report.

    Returns:
        The step of the weights, if it is known.
    """
    return [] if samples.step is None else [("Step", f"{samples.step:,}")]


def model_facts(method: MaskedMethod) -> list[Fact]:
    """List the facts about a masked autoencoder.

    Args:
        method: The model.

    Returns:
        Input, mask, parts, output and size.
    """
    config = method.config
    weights = sum(parameter.numel() for parameter in method.parameters())
    return [
        ("Image", f"{config.image_size} px, patches of {config.patch_size} px"),
        ("Masked", f"{config.mask_ratio:.0%} of {config.patches} patches"),
        ("Encoder", _encoder(method)),
        ("Decoder", _size(config.decoder)),
        _output(method),
        ("Parameters", f"{weights / 1e6:.1f} M"),
    ]


def target_notes(method: MaskedMethod) -> list[str]:
    """Explain images of a normalized target.

    Args:
        method: The model.

    Returns:
        One sentence, or none if the target is color.
    """
    if method.config.target == "plain":
        return []
    return [
        "The target is normalized: mean and deviation of each patch are borrowed from the input, "
        "so reconstructions and PSNR are better than the prediction."
    ]


def _encoder(method: MaskedMethod) -> str:
    config = method.config.encoder
    if isinstance(config, TransformerConfig):
        return _size(config)
    return f"{config.type}, {method.encoder.width} wide"


def _size(transformer: TransformerConfig) -> str:
    return f"{transformer.depth} blocks, {transformer.width} wide"


def _output(method: MaskedMethod) -> Fact:
    if isinstance(method, GMAE):
        return ("Gaussians", f"{method.config.gaussians} per image")
    return ("Pixels", f"{method.config.target} target")
