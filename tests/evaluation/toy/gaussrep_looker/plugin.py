from gaussrep.plugins import DatasetRecord, EvaluationRecord, MethodRecord, hookimpl


@hookimpl
def register_methods():
    for name, target in (("looker", "Looker"), ("mute", "Mute")):
        yield MethodRecord(
            name=name,
            summary="A toy.",
            target=f"gaussrep_looker.method:{target}",
            config="gaussrep_looker.config:LookerConfig",
        )


@hookimpl
def register_datasets():
    for name, target in (("colors", "Colors"), ("plain", "Plain")):
        yield DatasetRecord(
            name=name,
            summary="Colored pictures.",
            target=f"gaussrep_looker.data:{target}",
            config="gaussrep_looker.config:ColorsConfig",
            modality="image",
        )


@hookimpl
def register_evaluations():
    yield EvaluationRecord(name="without-settings", summary="Wrong.", target="builtins:dict")
    yield EvaluationRecord(
        name="on-colors",
        summary="Has a data set of its own.",
        target="gaussrep_looker.evaluation:OnColors",
        config="gaussrep_looker.evaluation_config:OnColorsConfig",
    )
