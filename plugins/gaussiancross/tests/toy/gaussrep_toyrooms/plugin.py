from gaussrep.plugins import DatasetRecord, EncoderRecord, LossRecord, MethodRecord, hookimpl


@hookimpl
def register_encoders():
    yield EncoderRecord(
        name="surface",
        summary="A toy.",
        target="gaussrep_toyrooms.method:Surface",
        config="gaussrep_toyrooms.config:SurfaceConfig",
        modality="points",
    )


@hookimpl
def register_losses():
    yield LossRecord(
        name="learned-l1", summary="A toy.", target="gaussrep_toyrooms.method:LearnedL1"
    )


@hookimpl
def register_methods():
    for name, target in (("feeler", "Feeler"), ("numb", "Numb")):
        yield MethodRecord(
            name=name,
            summary="A toy.",
            target=f"gaussrep_toyrooms.method:{target}",
            config="gaussrep_toyrooms.config:FeelerConfig",
        )


@hookimpl
def register_datasets():
    for name, target in (("rooms", "Rooms"), ("nameless", "Nameless")):
        yield DatasetRecord(
            name=name,
            summary="Rooms with boxes.",
            target=f"gaussrep_toyrooms.data:{target}",
            config="gaussrep_toyrooms.config:RoomsConfig",
            modality="points",
        )
