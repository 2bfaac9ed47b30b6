from gaussrep.report.axes import ticks


def test_ticks_are_round_and_inside():
    assert [text for _, text in ticks(0.0, 2500.0)] == ["0", "500", "1000", "1500", "2000", "2500"]
    assert [text for _, text in ticks(-1.0, 1.0)] == ["-1", "-0.5", "0", "0.5", "1"]
    assert [value for value, _ in ticks(0.0, 6.7)] == [0.0, 2.0, 4.0, 6.0]
