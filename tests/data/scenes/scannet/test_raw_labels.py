import pytest

from gaussrep.data.scenes.scannet.classes import CLASSES200
from gaussrep.data.scenes.scannet.raw_labels import Labels, read_label_table
from gaussrep.errors import DataError


def test_categories_get_the_labels_of_both_benchmarks(raw):
    table = read_label_table(raw.root / "scannetv2-labels.combined.tsv")
    assert table["wall"] == Labels(0, 0)
    assert table["chair"] == Labels(4, 1)
    assert table['dumb "bell'] == Labels(-1, CLASSES200.index("dumbbell"))
    assert table["rare thing"] == Labels(-1, -1)


def test_damaged_tables_are_named(tmp_path):
    path = tmp_path / "table.tsv"
    with pytest.raises(DataError, match=r"table\.tsv: cannot be read: .* part of the ScanNet"):
        read_label_table(path)
    path.write_text("id\traw_category\n1\twall\n")
    with pytest.raises(
        DataError, match=r"expected rows with the columns id, raw_category and nyu40id"
    ):
        read_label_table(path)
