from gaussrep.plugins import DatasetRecord, MethodRecord, hookimpl


@hookimpl
def register_methods():
    yield MethodRecord(
        name="toy",
        summary="A linear denoiser.",
        target="gaussrep_toy.method:Toy",
        config="gaussrep_toy.config:ToyConfig",
        presets="gaussrep_toy.presets",
    )
    yield MethodRecord(name="other", summary="A second one.", target="gaussrep_toy.method:Other")
    yield MethodRecord(name="not-a-method", summary="Wrong.", target="builtins:dict")


@hookimpl
def register_datasets():
    yield DatasetRecord(
        name="toy",
        summary="Noisy vectors.",
        target="gaussrep_toy.data:ToyData",
        config="gaussrep_toy.config:ToyDataConfig",
        modality="image",
    )
