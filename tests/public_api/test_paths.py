"""Functions of the front door take paths as strings."""

import pytest

import gaussrep as gr

SETTINGS = [
    "data=shapes", "trainer.steps=1", "trainer.batch_size=2", "trainer.tensorboard=false",
    "trainer.device=cpu", "method.encoder={width: 16, depth: 1, heads: 1}",
    "method.decoder={width: 16, depth: 1, heads: 1}",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a trained run."""
    folder = tmp_path_factory.mktemp("paths")
    gr.train(gr.train_config("gmae", "demo", [], SETTINGS), str(folder / "run"))
    return folder


def test_a_run_starts_from_another_and_is_resumed(folder):
    config = gr.train_config("gmae", "demo", overrides=SETTINGS)
    second = gr.train(config, str(folder / "second"), start_from=str(folder / "run"))
    assert second.run == folder / "second"
    assert gr.resume(str(folder / "second"), ["trainer.steps=2"]).steps == 2


def test_scores_and_settings_are_written_and_read(folder):
    gr.evaluate(str(folder / "run"), "reconstruction", ["limit=2"], out=str(folder / "out.json"))
    assert (folder / "out.json").is_file()
    config = gr.train_config("gmae", None, [str(folder / "run" / "config.yaml")])
    assert config.trainer.steps == 1


def test_a_fit_writes_its_folder(folder):
    config = gr.FitConfig.model_validate({"data": {"path": "synthetic:balls"}, "steps": 1})
    assert gr.fit(config, str(folder / "fit")).run == folder / "fit"
