import csv
import json
import math
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch
from metrics_rows import rows_of

import gaussrep as gr
from gaussrep.errors import ConfigError, RunError
from gaussrep.fitting import Capture, PosedImages, fit, method
from gaussrep.fitting.method import SceneFit
from gaussrep.fitting.run_fit import resume_fit
from gaussrep.fitting.view_corrections import PoseCorrections
from gaussrep.kernels.thread_count import kernel_threads
from gaussrep.rendering.projection import project
from gaussrep.training.run_folder import RunFolder


def rows(folder):
    with (folder / "metrics.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@contextmanager
def interrupted_at(stop):
    """Interrupt a fit before the step after `stop` steps."""
    on_step_start = SceneFit.on_step_start

    def interrupt(self, step, steps):
        if step == stop:
            raise KeyboardInterrupt
        on_step_start(self, step, steps)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SceneFit, "on_step_start", interrupt)
        with pytest.raises(KeyboardInterrupt):
            yield


@pytest.fixture
def run(tiny_capture, tiny_config, tmp_path):
    """Fit the tiny capture with some settings."""

    def call(*settings, name="run", capture=tiny_capture, **arguments):
        return fit(tiny_config(*settings), tmp_path / name, capture=capture, **arguments)

    return call


def test_leaves_a_scene_metrics_and_a_checkpoint(run, tiny_capture):
    result = run()
    scene = gr.load(result.scene)
    assert scene.count == result.gaussians == 30
    assert scene.sh_degree == 1
    assert [int(row["step"]) for row in rows(result.run)] == [1, 10, 20, 30, 40, 50, 60]
    assert [row["step"] for row in rows(result.run) if row["val_psnr"]] == ["30", "60"]
    assert 60 in RunFolder(result.run).checkpoints()
    saved = json.loads((result.run / "metrics.json").read_text(encoding="utf-8"))
    assert saved == {"psnr": result.metrics.psnr, "ssim": result.metrics.ssim}
    rendered = gr.render(scene, tiny_capture.held_out.cameras).color.clamp(0, 1)
    error = (rendered - tiny_capture.held_out.colors).square().mean()
    assert -10 * error.log10().item() == pytest.approx(result.metrics.psnr, abs=0.01)
    method = gr.load_run(result.run)
    assert torch.equal(method.gaussians({"index": torch.zeros(2)}).means[1], scene.means)


@pytest.mark.parametrize(("small", "expected"), [(30, 1), (29, 2)])
def test_torch_has_one_thread_while_the_scene_is_small(run, monkeypatch, small, expected):
    seen, begin_step = [], SceneFit.on_step_start

    def note(self, step, steps):
        seen.append((torch.get_num_threads(), kernel_threads()))
        if step == 50:
            raise KeyboardInterrupt
        begin_step(self, step, steps)

    monkeypatch.setattr(SceneFit, "on_step_start", note)
    monkeypatch.setattr(method, "SMALL", small)
    with gr.threads(2):
        with pytest.raises(KeyboardInterrupt):
            run("init.count=30")
        assert torch.get_num_threads() == 2
    assert set(seen[30:]) == {(expected, 2)}


@pytest.mark.parametrize("strategy", ["mcmc", "default"])
@pytest.mark.parametrize(
    "more",
    [
        [],
        ["batch_size=3", "random_background=true", "depth_weight=0.1", "calibrate=true"],
        [f"optimize.{name}=true" for name in ("exposure", "vignetting", "poses", "intrinsics")],
    ],
)
def test_a_resumed_fit_ends_as_one_that_was_never_stopped(run, tiny_capture, strategy, more):
    settings = [f"strategy={strategy}", "strategy.refine_every=5", *more]
    settings += ["checkpoint_every=13", "log_every=3", "steps=30", "evaluate_every=30"]
    if strategy == "default":
        settings += ["strategy.grow_gradient=1e-6", "strategy.stop_fraction=1"]
    whole = run(*settings, name="whole")
    with interrupted_at(17):
        run(*settings, name="stopped")
    stopped = whole.run.with_name("stopped")
    assert max(RunFolder(stopped).checkpoints()) == 13
    assert gr.load(stopped / "scene.ply").count != 20
    result = resume_fit(stopped, capture=tiny_capture)
    assert rows_of(result.run) == rows_of(whole.run)
    first, second = gr.load(whole.scene), gr.load(result.scene)
    assert torch.equal(first.means, second.means)
    weights = [each.run / "model.safetensors" for each in (whole, result)]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    with pytest.raises(RunError, match="complete at step 30"):
        resume_fit(stopped, capture=tiny_capture)


@pytest.mark.parametrize("strategy", ["mcmc", "default"])
def test_weights_are_averaged_since_the_last_change_of_their_number(
    run, tiny_capture, monkeypatch, strategy
):
    settings = ["callbacks.ema={type: ema, decay: 0.5}", f"strategy={strategy}", "steps=24"]
    settings += ["strategy.refine_every=8", "strategy.start_fraction=0", "checkpoint_every=3"]
    if strategy == "default":
        settings += ["strategy.grow_gradient=1e-6", "strategy.stop_fraction=1"]
    means, on_step_start = [], SceneFit.on_step_start

    def record(self, step, steps):
        means.append(self.scene.raw["means"].detach().clone())
        on_step_start(self, step, steps)

    with monkeypatch.context() as patch:
        patch.setattr(SceneFit, "on_step_start", record)
        whole = run(*settings, name="whole")
    means.append(gr.load(whole.scene).means)
    changes = [step for step in range(1, 25) if len(means[step]) != len(means[step - 1])]
    assert len(changes) > 1
    expected = means[changes[-1]]
    for after in means[changes[-1] + 1 :]:
        expected = expected.lerp(after, 0.5)
    averaged = gr.load_run(whole.run, weights="ema")
    torch.testing.assert_close(averaged.scene.raw["means"], expected)
    with interrupted_at(19):
        run(*settings, name="parts")
    parts = resume_fit(whole.run.with_name("parts"), capture=tiny_capture)
    files = [result.run / "model-ema.safetensors" for result in (whole, parts)]
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("strategy", ["mcmc", "default"])
def test_recovers_a_scene(run, strategy):
    result = run(
        "steps=150", f"strategy={strategy}", "evaluate_every=1", "log_every=1", "tensorboard=false"
    )
    first = float(rows(result.run)[0]["val_psnr"])
    assert result.metrics.psnr > 21
    assert result.metrics.psnr > first + 8


def test_keeps_a_scene_that_is_right_already(run, tiny_scene):
    result = run("strategy.noise=0", "steps=1", init=tiny_scene)
    assert result.metrics.psnr > 30


@pytest.mark.parametrize(("suffix", "degree"), [("ply", 0), ("ply", 2), ("spz", 2), ("glb", 2)])
def test_starts_from_a_file_and_adapts_its_harmonics(run, tiny_scene, tmp_path, suffix, degree):
    path = tmp_path / f"scene.{suffix}"
    coefficients = torch.zeros(12, (degree + 1) ** 2, 3)
    coefficients[:, :1] = gr.sh.from_rgb(tiny_scene.colors)
    gr.save(tiny_scene.replace(colors=None, sh=coefficients), path)
    result = run(f"init={path}", "strategy.noise=0", "steps=1")
    assert result.metrics.psnr > 28
    assert result.gaussians == 12
    assert gr.load(result.scene).sh_degree == 1
    assert rows(result.run)[0]["sh_degree"] == "1"


def test_a_fit_that_started_from_a_file_is_resumed_without_it(
    run, tiny_scene, tiny_capture, tmp_path
):
    path = tmp_path / "scene.ply"
    gr.save(tiny_scene, path)
    settings = [f"init={path}", "steps=30", "checkpoint_every=13", "log_every=3"]
    whole = run(*settings, name="whole")
    with interrupted_at(17):
        run(*settings, name="stopped")
    path.unlink()
    result = resume_fit(whole.run.with_name("stopped"), capture=tiny_capture)
    assert rows_of(result.run) == rows_of(whole.run)
    assert torch.equal(gr.load(result.scene).means, gr.load(whole.scene).means)


def test_an_antialiased_fit_marks_its_scene(run, tiny_scene, tiny_capture, ring, caplog):
    small = tiny_scene.replace(scales=0.3 * tiny_scene.scales, antialiased=True)
    images = PosedImages(gr.render(small, ring).color, ring)
    capture = Capture.split(images, 10)
    settings = ["strategy.noise=0", "steps=1"]
    result = run("antialiased=true", *settings, init=small, capture=capture)
    assert result.metrics.psnr > 35
    assert gr.load(result.scene).antialiased
    assert gr.load_run(result.run).gaussians({"index": torch.zeros(1)}).antialiased
    assert "antialiasing" not in caplog.text
    blurred = run(*settings, init=small, capture=capture, name="blurred")
    assert "fitted with antialiasing, this fit renders without it" in caplog.text
    assert blurred.metrics.psnr < result.metrics.psnr - 5
    assert not gr.load(blurred.scene).antialiased


def test_learned_exposures_undo_those_of_the_views(run, tiny_capture, tiny_scene):
    stops = torch.linspace(-0.5, 0.5, tiny_capture.train.count)
    colors = tiny_capture.train.colors * 2 ** stops[:, None, None, None]
    noisy = replace(tiny_capture, train=replace(tiny_capture.train, colors=colors))
    settings = ["steps=150", "strategy.noise=0", "strategy.max_gaussians=12", "sh_degree=0"]
    without = run(*settings, capture=noisy, init=tiny_scene, name="without")
    found = run(*settings, "optimize.exposure=true", capture=noisy, init=tiny_scene)
    assert found.metrics.psnr > without.metrics.psnr + 1
    exposure = gr.load_run(found.run).exposure.centered()
    assert exposure.mean(0).abs().max() < 1e-6
    gains = exposure[:, :3].mean(1) / math.log(2)
    assert torch.corrcoef(torch.stack([gains.detach(), stops]))[0, 1] > 0.9


def test_finds_wrong_poses(run, tiny_capture, tiny_scene):
    torch.manual_seed(1)
    right = tiny_capture.train.cameras
    wrong = PoseCorrections(right.views)
    wrong.values.data = 0.02 * torch.randn(right.views, 6)
    cameras = wrong(right, torch.arange(right.views), 1.0)
    cameras = cameras.detach()
    capture = replace(tiny_capture, train=replace(tiny_capture.train, cameras=cameras))
    frozen = [f"learning_rates.{n}=1e-9" for n in ("quats", "scales", "opacities", "sh0", "shN")]
    frozen += ["learning_rates.means=2e-9", "learning_rates.means_end=1e-10"]
    settings = [
        *frozen,
        "steps=200",
        "strategy.noise=0",
        "strategy.max_gaussians=12",
        "sh_degree=0",
    ]
    settings += ["optimize.poses=true", "learning_rates.poses=5e-3"]
    result = run(*settings, capture=capture, init=tiny_scene)
    fitter = gr.load_run(result.run).fitter
    with torch.no_grad():
        found = fitter.correct(cameras, torch.arange(right.views))
    places = [project(tiny_scene, each).means2d for each in (right, cameras, found)]
    before, after = ((each - places[0]).norm(dim=-1).mean() for each in places[1:])
    assert after < 0.3 * before


def test_a_falloff_needs_exposures(tiny_config):
    with pytest.raises(ConfigError, match=r"add optimize\.exposure=true"):
        tiny_config("optimize.vignetting=true")


def test_harmonics_are_added_one_degree_after_the_other(run):
    settings = ("sh_degree=2", "sh_interval_fraction=0.3", "steps=20", "log_every=1")
    degrees = [int(row["sh_degree"]) for row in rows(run(*settings).run)]
    assert degrees == [0] * 5 + [1] * 6 + [2] * 9


def test_learning_rate_of_the_centers_decays(run, tiny_capture):
    found = [float(row["lr"]) for row in rows(run("log_every=1", "steps=31").run)]
    extent = gr.load_run(run("steps=1", name="other").run).extent
    assert found[0] == pytest.approx(2e-3 * extent)
    assert found[-1] == pytest.approx(2e-3 * 0.1 ** (30 / 31) * extent)


def test_a_loss_that_is_not_finite_ends_the_fit(run, monkeypatch):
    from gaussrep.fitting.mcmc import MCMCStrategy

    monkeypatch.setattr(MCMCStrategy, "penalty", lambda *_: torch.tensor(float("nan")))
    with pytest.raises(RunError, match=r"the loss was not finite in .* steps in a row"):
        run()


def test_works_with_nothing_held_out(run, tiny_capture):
    result = run("steps=2", capture=Capture(tiny_capture.train))
    assert result.metrics is None
    assert not (result.run / "metrics.json").exists()


def test_a_folder_is_overwritten_only_when_told(run):
    folder = run("steps=2").run
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    (folder / "fidelity.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RunError, match="already holds a run"):
        run("steps=2")
    run("steps=2", overwrite=True)
    assert (folder / "notes.txt").exists()
    assert not (folder / "fidelity.json").exists()


def test_a_fit_of_an_older_gaussrep_is_refused(tmp_path):
    (tmp_path / "config.yaml").write_text(
        "steps: 7000\nstrategy: {type: default}\n", encoding="utf-8"
    )
    with pytest.raises(RunError, match="a fit of an older gaussrep"):
        resume_fit(tmp_path)


def test_finds_the_lens_of_a_wrongly_calibrated_capture(run, tiny_capture, tiny_scene):
    wrong = tiny_capture.train.cameras.Ks * torch.tensor([[1.1, 1, 1], [1, 1.1, 1], [1, 1, 1]])
    cameras = tiny_capture.train.cameras.replace(Ks=wrong)
    capture = replace(tiny_capture, train=replace(tiny_capture.train, cameras=cameras))
    settings = ["calibrate=true", "steps=150", "sh_degree=0"]
    settings += ["learning_rates.calibration=1e-2", "strategy.noise=0"]
    names = ("quats", "scales", "opacities", "sh0", "shN")
    settings += [f"learning_rates.{name}=1e-9" for name in names]
    settings += ["learning_rates.means=2e-9", "learning_rates.means_end=1e-9"]
    settings += ["strategy.max_gaussians=12"]
    result = run(*settings, capture=capture, init=tiny_scene)
    zoom = json.loads((result.run / "calibration.json").read_text(encoding="utf-8"))["zoom"]
    assert zoom == pytest.approx([1 / 1.1] * 2, abs=0.02)
    with torch.no_grad():
        corrected = gr.load_run(result.run).calibration(cameras)
    means = project(tiny_scene, corrected).means2d
    right = project(tiny_scene, tiny_capture.train.cameras).means2d
    assert (means - right).abs().max() < 0.2
