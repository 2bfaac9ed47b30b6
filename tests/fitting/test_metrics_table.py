import csv

from gaussrep.fitting.metrics_table import COLUMNS, MetricsTable


def read(file):
    with file.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_a_resumed_table_drops_the_steps_to_come(tmp_path):
    file = tmp_path / "metrics.csv"
    table = MetricsTable(file, 0)
    for step in (10, 20, 30):
        table.append({"step": step, "loss": 0.5})
    with file.open("a", encoding="utf-8") as stream:
        stream.write("40,0.")  # a killed fit's last line
    again = MetricsTable(file, 20)
    again.append({"step": 30, "loss": 0.25, "val_psnr": 12.0})
    rows = read(file)
    assert [row["step"] for row in rows] == ["10", "20", "30"]
    assert rows[2]["loss"] == "0.25"
    assert rows[2]["val_psnr"] == "12.0"
    assert rows[0]["val_psnr"] == ""
    assert tuple(rows[0]) == COLUMNS
