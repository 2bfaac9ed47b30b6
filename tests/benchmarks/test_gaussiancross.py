import pytest


@pytest.fixture
def configure(script, tmp_path):
    module, comparison = script("gaussiancross"), script("comparison")

    def make(table):
        rows = module.ROWS[table]
        settings = (f"data.root={tmp_path}", "trainer.steps=7")
        whole = comparison.Comparison(
            rows, module.columns(3, 2, baselines=False), module.PRESET, settings, "cpu"
        )
        return {name: whole.config(row, 1) for name, row in rows.items()}

    return make


def test_each_ablation_changes_one_setting(configure):
    configs = configure("ablations")
    first = configs.pop("as it is")
    assert len(configs) == 7
    for config in configs.values():
        actual, expected = first.method.model_dump(), config.method.model_dump()
        assert sum(actual[name] != expected[name] for name in actual) == 1
        assert config.data == first.data
        assert config.trainer == first.trainer


def test_every_column_is_measured_by_an_evaluation_there_is(script, configure):
    from gaussrep.evaluation.resolve import resolve_evaluation_config

    module, data = script("gaussiancross"), configure("rooms")["GaussianCross"].data
    shares = []
    for column in module.columns(3, 2, baselines=True).values():
        config = resolve_evaluation_config(
            column.evaluation, data, None, [*column.settings, "seed=1"]
        )
        shares.append(config.data.fraction)
        assert config.type == "views" or config.steps in (2, 3)
    assert shares == [1, 1, 0.05, 0.1, 1, 1, 1, 1, 1]
