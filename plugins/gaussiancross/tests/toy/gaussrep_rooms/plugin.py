from gaussrep.plugins import DatasetRecord, EncoderRecord, MethodRecord, hookimpl


@hookimpl
def register_encoders():
    yield EncoderRecord(
        name="surface",
        summary="A toy.",
        target="gaussrep_rooms.method:Surface",
        config="gaussrep_rooms.config:SurfaceConfig",
        modality="points",
    )


@hookimpl
def register_methods():
    for name, target in (("feeler", "Feeler"), ("numb", "Numb")):
        yield MethodRecord(
            name=name,
            summary="A toy.",
            target=f"gaussrep_rooms.method:{target}",
            config="gaussrep_rooms.config:FeelerConfig",
        )


@hookimpl
def register_datasets():
    for name, target in (("rooms", "Rooms"), ("nameless", "Nameless")):
        yield DatasetRecord(
            name=name,
            summary="Rooms with boxes.",
            target=f"gaussrep_rooms.data:{target}",
            config="gaussrep_rooms.config:RoomsConfig",
            modality="points",
        )
