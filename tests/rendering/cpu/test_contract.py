from gaussrep.testing import RendererContract


class TestCpu(RendererContract):
    name = "cpu"
