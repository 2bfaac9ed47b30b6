from harness.workloads import WORKLOADS


def test_the_issue_lists_these():
    sizes = {w.name: (w.batch, w.views, w.count, w.width, w.height) for w in WORKLOADS.values()}
    assert sizes["b16-n256"] == (16, 1, 256, 224, 224)
    assert sizes["b16-n1024"] == (16, 1, 1024, 224, 224)
    assert sizes["v4-n4096"] == (1, 4, 4096, 320, 240)
    assert sizes["n100k"] == (1, 1, 100_000, 640, 480)
    assert sizes["n1m"] == (1, 1, 1_000_000, 1920, 1080)
    channels = [w.channels for name, w in WORKLOADS.items() if name.startswith("channels")]
    assert channels == [3, 16, 64, 384]
    assert [name for name, w in WORKLOADS.items() if w.is_real] == ["garden"]


def test_dense_pairs():
    assert WORKLOADS["v4-n4096"].dense_pairs == 4 * 4096 * 320 * 240
