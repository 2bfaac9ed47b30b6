import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import gaussrep as gr
from gaussrep.config import resolve
from gaussrep.errors import CapabilityError, ConfigError
from gaussrep_gaussiancross.backbones.config import SparseUNetConfig
from gaussrep_gaussiancross.backbones.sparse_unet import SparseUNet


@pytest.fixture
def build(make_cloud):
    """Networks in eval mode whose running statistics are those of a cloud."""

    def make(**settings):
        torch.manual_seed(0)
        net = SparseUNet(SparseUNetConfig(**{"size": "tiny", **settings}), 6)
        with torch.no_grad():
            calibrate(net, make_cloud(2))
        return net.eval()

    def calibrate(net, cloud):
        norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm1d)]
        for norm in norms:
            norm.momentum = 1.0
        net(cloud)

    return make


def twins(first, second):
    second.load_state_dict(first.state_dict())
    return first, second


def test_the_published_network_has_its_parameters():
    net = SparseUNet(SparseUNetConfig(), 6)
    assert sum(parameter.numel() for parameter in net.parameters()) == 39_155_904
    assert net.width == 96


def test_names_and_shapes_are_the_published_ones(build):
    shapes = {name: tuple(value.shape) for name, value in build(size="base").state_dict().items()}
    wanted = {
        "conv_input.0.weight": (32, 5, 5, 5, 6),
        "conv_input.1.running_var": (32,),
        "down.3.0.weight": (256, 2, 2, 2, 128),
        "down.3.1.bias": (256,),
        "enc.3.block5.conv2.weight": (256, 3, 3, 3, 256),
        "enc.0.block1.bn1.num_batches_tracked": (),
        "up.0.0.weight": (96, 2, 2, 2, 96),
        "up.3.0.weight": (256, 2, 2, 2, 256),
        "dec.0.block0.conv1.weight": (96, 3, 3, 3, 128),
        "dec.3.block0.proj.0.weight": (256, 1, 1, 1, 384),
        "dec.3.block0.proj.1.weight": (256,),
        "dec.2.block1.bn2.weight": (128,),
    }
    assert {name: shapes.get(name) for name in wanted} == wanted
    assert {name.split(".")[0] for name in shapes} == {"conv_input", "down", "enc", "up", "dec"}
    assert not any("enc" in name and "proj" in name for name in shapes)


@pytest.mark.parametrize("size", ["tiny", "base"])
def test_spconv_gives_the_same_features(build, make_cloud, size):
    pytest.importorskip("spconv.pytorch", reason="spconv is not installed", exc_type=ImportError)
    actual, expected = twins(build(size=size), build(size=size, engine="spconv"))
    cloud = make_cloud(0, 1, side=16)
    with torch.no_grad():
        wanted = expected(cloud)
        assert wanted.std() > 0.1
        torch.testing.assert_close(actual(cloud), wanted, rtol=1e-4, atol=1e-4)


def test_spconv_does_not_train_on_the_cpu(build, make_cloud):
    pytest.importorskip("spconv.pytorch", reason="spconv is not installed", exc_type=ImportError)
    with pytest.raises(CapabilityError, match="use engine='auto'"):
        build(engine="spconv")(make_cloud(0))


def test_plain_torch_gives_the_same_features_and_gradients(build, make_cloud):
    cloud, found = make_cloud(0, 1), []
    for net in twins(build(), build(engine="torch")):
        out = net(cloud)
        out.square().mean().backward()
        found.append([out, *(parameter.grad for parameter in net.parameters())])
    for actual, plain in zip(*found, strict=True):
        torch.testing.assert_close(actual, plain, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("engine", ["auto", "torch"])
@torch.no_grad()
def test_scenes_know_nothing_of_each_other(build, make_cloud, engine):
    net = build(engine=engine)
    together = net(make_cloud(0, 1))
    apart = torch.cat([net(make_cloud(0)), net(make_cloud(1))])
    torch.testing.assert_close(together, apart, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_the_order_of_voxels_does_not_matter(build, make_cloud, scramble):
    net, cloud = build(), make_cloud(0)
    moved, order = scramble(cloud)
    torch.testing.assert_close(net(moved), net(cloud)[order], rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_moving_a_scene_by_whole_coarse_cells_changes_nothing(build, make_cloud):
    net, cloud = build(), make_cloud(0)
    features = net(cloud)
    cloud.coords.add_(torch.tensor([16, 32, 0]))
    torch.testing.assert_close(net(cloud), features, rtol=1e-4, atol=1e-4)


def test_training_moves_all_parameters(build, make_cloud):
    net = build().train()
    net(make_cloud(0, 1)).square().mean().backward()
    assert all(
        parameter.grad is not None and bool((parameter.grad != 0).any())
        for parameter in net.parameters()
    )


def test_it_is_built_by_its_name():
    net = gr.build(
        "encoders", resolve("encoders", {"type": "sparse-unet", "size": "tiny"}), channels=6
    )
    assert isinstance(net, SparseUNet)
    assert net.width == 32


SHAPE = {"size": "tiny", "channels": (16, 16), "layers": (1, 1)}


def make_unet(**settings):
    unet = SparseUNet(SparseUNetConfig(**SHAPE, **settings), 6)
    unet.load_pretrained()
    return unet


@pytest.fixture
def given():
    """What a network holds that is not freshly made."""
    torch.manual_seed(1)
    return {name: value + 1 for name, value in make_unet().state_dict().items()}


@pytest.mark.parametrize("prefix", ["", "backbone.", "module.backbone."])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_released_layouts_load(given, tmp_path, prefix, suffix):
    path = tmp_path / f"weights{suffix}"
    weights = {f"{prefix}{name}": value for name, value in given.items()}
    weights[f"{prefix}final.weight"] = torch.zeros(20, 1, 1, 1, 16)
    if prefix:
        weights["module.seg_head.weight"] = torch.zeros(20, 16)
    if suffix == ".pth":
        torch.save({"epoch": 1, "state_dict": weights}, path)
    else:
        save_file(weights, path)
    loaded = make_unet(weights=path).state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in given.items())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"down.0.0.weight": None}, r"missing: down\.0\.0\.weight"),
        ({"down.7.0.weight": torch.zeros(1)}, r"unexpected: down\.7\.0\.weight"),
        (
            {"conv_input.0.weight": torch.zeros(16, 5, 5, 5, 3)},
            r"of another shape: conv_input\.0\.weight \[16, 5, 5, 5, 3\] instead of "
            r"\[16, 5, 5, 5, 6\]",
        ),
    ],
)
def test_weights_that_do_not_fit_are_one_sentence(given, tmp_path, change, message):
    weights = {name: value for name, value in (given | change).items() if value is not None}
    path = tmp_path / "weights.pth"
    torch.save({"state_dict": weights}, path)
    with pytest.raises(ConfigError, match=message):
        make_unet(weights=path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.pth, but there is no such file"):
        make_unet(weights=tmp_path / "none.pth")


class Trap:
    def __reduce__(self):
        raise_error = "raise SystemError"
        return exec, (raise_error,)


def test_nothing_but_tensors_is_unpickled(tmp_path):
    path = tmp_path / "trap.pth"
    path.write_bytes(pickle.dumps({"state_dict": Trap()}, protocol=2))
    with pytest.raises(ConfigError, match="cannot be read as tensors alone"):
        make_unet(weights=path)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_damaged_file_is_named(tmp_path, suffix):
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(b"no weights")
    with pytest.raises(ConfigError, match="cannot be read"):
        make_unet(weights=path)


def test_other_content_is_refused(tmp_path):
    path = tmp_path / "list.pth"
    torch.save([torch.zeros(1)], path)
    with pytest.raises(ConfigError, match="holds no state_dict"):
        make_unet(weights=path)
