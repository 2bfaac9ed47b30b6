import json

import pytest

ROW = {"scene": "garden", "program": "gaussrep"}
RESULTS = {
    "date": "2026-01-02T03:04:05",
    "machine": {"cpu": "Some CPU", "cores": 2, "gpus": []},
    "definitions": {
        "garden": "a garden", "dropping": "of the faint", "psnr": "in dB",
        "processor_seconds": "of one run",
    },
    "results": [
        {**ROW, "share": 0.25, "psnr": 29.64, "processor_seconds": 2.04},
        {**ROW, "share": 0.1, "psnr": 24.84, "processor_seconds": 2.26},
        {**ROW, "program": "dropping", "share": 0.25, "psnr": 25.0, "processor_seconds": 0.01},
    ],
}  # fmt: skip


@pytest.fixture
def lines(script, tmp_path, monkeypatch):
    monkeypatch.setattr(script("tables.markdown"), "RESULTS", tmp_path)
    (tmp_path / "decimation.json").write_text(json.dumps(RESULTS))
    fill = script("pages").fill
    return fill("<!-- table: decimation -->\n<!-- end -->").splitlines()[2:-2]


def test_each_program_is_a_row_and_each_share_a_column(lines):
    head, _, first, second, _, caption = lines
    assert head == "| scene | program | PSNR at 25% | PSNR at 10% | processor seconds, 10% |"
    assert first == "| garden | gaussrep | 29.6 | 24.8 | 2.3 |"
    assert second.startswith("| garden | dropping | 25.0 |")
    assert caption == (
        "*garden: a garden; dropping: of the faint; psnr: in dB; processor seconds: of one run; "
        "Some CPU, 2 cores; 2026-01-02, shared with other work*"
    )
