from gaussrep.plugins import SceneSourceRecord, hookimpl


@hookimpl
def register_scene_sources():
    yield SceneSourceRecord(
        name="cubes",
        summary="One cube per scene.",
        target="gaussrep_cubes.source:CubeSource",
        config="gaussrep_cubes.config:CubesConfig",
    )
