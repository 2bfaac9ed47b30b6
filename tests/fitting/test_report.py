"""The report of `gaussrep inspect` on a fit."""

import pytest

from gaussrep.errors import CapabilityError
from gaussrep.evaluation.inspection import inspect_run, report_samples
from gaussrep.fitting import fit
from gaussrep.fitting.capture_config import CaptureDatasetConfig
from gaussrep.fitting.transforms import write_transforms

pytest.importorskip("jinja2")


def test_held_out_views_beside_their_renderings(tiny_capture, tiny_config, tmp_path):
    write_transforms(tiny_capture.train, tmp_path / "capture", hold_out_every=4)
    config = tiny_config(f"data.path={tmp_path / 'capture'}", "steps=5")
    result = fit(config, tmp_path / "run")
    report = inspect_run(tmp_path / "run", [], tmp_path / "out")
    assert report.summary == (
        f"PSNR {result.metrics.psnr:.2f} dB, SSIM {result.metrics.ssim:.3f} on 2 views. Step 5."
    )
    page = report.page.read_text(encoding="utf-8")
    assert page.count("<article") == 2
    assert "held-out view 1" in page
    files = {file.name for file in (tmp_path / "out" / "report").iterdir()}
    assert files == {"overview.png", "view-00.png", "view-00.ply", "view-01.png"}


@pytest.mark.parametrize(
    ("hold_out_every", "name"), [(4, "held-out view 0"), (99, "fitted view 0")]
)
def test_fitted_views_where_none_is_held_out(tiny_capture, tmp_path, hold_out_every, name):
    write_transforms(tiny_capture.train, tmp_path / "capture")
    capture = {"type": "transforms", "path": str(tmp_path / "capture")}
    data = {"type": "capture", "capture": {**capture, "hold_out_every": hold_out_every}}
    config = CaptureDatasetConfig.model_validate(data)
    samples = report_samples(config, [])
    assert samples.names[0] == name
    assert samples.batch["colors"].shape == (len(samples.names), 16, 16, 3)
    with pytest.raises(CapabilityError, match="views of a capture have no names; give the run"):
        report_samples(config, ["a.png"])
