import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from gaussrep.errors import DataError


@pytest.fixture
def berkeley(tmp_path):
    """Two images of a bright square, and the square's outline as one annotator drew it."""
    for folder in ("images/val", "groundTruth/val"):
        (tmp_path / folder).mkdir(parents=True)
    for name, shape in (("1", (40, 56)), ("2", (56, 40))):
        square = np.zeros(shape, np.uint8)
        square[10:28, 12:30] = 1
        Image.fromarray(60 + 150 * square).convert("RGB").save(tmp_path / f"images/val/{name}.jpg")
        outline = square.copy()
        outline[11:27, 13:29] = 0
        cell = np.empty((1, 1), dtype=object)
        cell[0, 0] = {"Segmentation": square + 1, "Boundaries": outline}
        savemat(tmp_path / f"groundTruth/val/{name}.mat", {"groundTruth": cell})
    return {"type": "bsds500", "root": tmp_path}


def test_rows_of_an_untrained_model(evaluate, berkeley):
    scores = evaluate("edges", data=berkeley, layers=4, thresholds=5, scales=[1.0, 0.5])
    assert list(scores.rows) == [
        "gmae",
        "discontinuities of the layer map",
        "gradient of the reconstruction",
        "gradient of the image",
        "sobel",
        "canny",
    ]
    assert scores.facts["samples"] == 2
    assert all(0 <= value <= 1.01 for row in scores.rows.values() for value in row.values())
    assert scores.rows["sobel"]["ods"] > 2 * scores.rows["gmae"]["ods"]


def test_data_without_boundaries_is_refused(evaluate):
    with pytest.raises(DataError, match=r"data\.type=bsds500 data\.root=FOLDER has"):
        evaluate("edges")
