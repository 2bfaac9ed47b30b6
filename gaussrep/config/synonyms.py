"""Other names of settings, as other programs call them."""

import re
from collections.abc import Iterable

from gaussrep.plugins.suggestions import near_names

SYNONYMS = (
    {"lr", "learning_rate", "base_lr", "max_lr", "blr"},
    {"batch_size", "batch", "bs", "train_batch_size", "per_device_train_batch_size"},
    {"gradient_accumulation_steps", "accumulate", "grad_accum", "accum_iter", "accumulation"},
    {"num_workers", "workers", "dataloader_num_workers"},
    {"weight_decay", "wd", "decay"},
    {"steps", "iterations", "iters", "num_steps", "max_steps", "max_iterations"},
    {"epochs", "num_epochs", "max_epochs", "num_train_epochs"},
    {"optimizer", "opt"},
    {"schedule", "scheduler", "lr_scheduler", "sched"},
    {"warmup_fraction", "warmup", "warmup_steps", "warmup_epochs", "warmup_ratio"},
    {"min_lr", "end_lr", "final_lr"},
    {"clip_grad", "grad_clip", "clip_norm", "max_norm", "max_grad_norm", "gradient_clip_val"},
    {"precision", "amp", "dtype", "mixed_precision", "fp16", "bf16"},
    {"device", "gpu", "cuda", "gpus", "accelerator"},
    {"checkpoint_every", "save_every", "save_interval", "save_steps"},
    {"validate_every", "eval_every", "val_every", "evaluate_every", "val_interval"},
    {"log_every", "log_interval", "print_freq", "logging_steps"},
    {"keep_last", "save_total_limit"},
    {"evaluations_every", "probe_every"},
    {"seed", "random_seed"},
    {"image_size", "size", "resolution", "img_size", "input_size", "crop_size"},
    {"root", "path", "folder", "dir", "directory", "data_dir", "data_path"},
    {"val_fraction", "val_split", "validation_split", "val_ratio"},
    {"samples", "num_samples"},
    {"mask_ratio", "masking_ratio", "mask"},
    {"patch_size", "patch"},
    {"queries", "num_queries", "num_gaussians", "gaussians"},
    {"max_gaussians", "num_gaussians", "cap_max", "gaussians", "most"},
    {"sh_degree", "sh", "sh_order"},
    {"width", "dim", "embed_dim", "hidden_size", "hidden_dim"},
    {"depth", "layers", "blocks", "num_layers"},
    {"heads", "num_heads"},
    {"k", "neighbors", "n_neighbors", "knn"},
    {"views", "num_views"},
    {"grid_size", "voxel", "voxel_size"},
)
"""Groups of names with one meaning."""


def near_keys(given: str, known: Iterable[str]) -> list[str]:
    """Find the known keys that an unknown one may mean.

    Args:
        given: The last part of the key that was given.
        known: Keys that exist, dotted ones by their last part.

    Returns:
        The keys with the same meaning in other programs; otherwise those that are spelled nearly
        alike; otherwise those that share a word.

    Examples:
        >>> near_keys("learning_rate", ["lr", "min_lr", "seed"])
        ['lr']
        >>> near_keys("accumulation_steps", ["steps", "gradient_accumulation_steps"])
        ['gradient_accumulation_steps']
    """
    by_name: dict[str, list[str]] = {}
    for key in known:
        by_name.setdefault(key.rpartition(".")[2], []).append(key)
    same = _synonyms(given) & by_name.keys()
    names = sorted(same) or near_names(given, by_name) or _sharing_words(given, by_name)
    return [key for name in names for key in by_name[name]]


def _synonyms(given: str) -> set[str]:
    name = given.lower().replace("-", "_")
    return {name}.union(*(group for group in SYNONYMS if name in group)) - {given}


def _sharing_words(given: str, names: Iterable[str]) -> list[str]:
    words = _words(given)
    shared = {name: len(words & _words(name)) for name in names}
    most = max(shared.values(), default=0)
    return sorted(name for name, count in shared.items() if most and count == most)[:3]


def _words(name: str) -> set[str]:
    return {word for word in re.split(r"[\W_]+", name.lower()) if len(word) > 2}
