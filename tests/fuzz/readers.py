"""Readers of files that strangers may have made, each with small valid files."""

import json
import struct
import tarfile
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from PIL import Image
from raw_scannet import TABLE, write_labels, write_mesh, write_sens

import gaussrep as gr
from gaussrep.cameras import Cameras
from gaussrep.config import load_config
from gaussrep.data import PointCloud, RGBDFrame, write_scene
from gaussrep.data.bsds500 import read_annotations
from gaussrep.data.image_files import read_image
from gaussrep.data.scenes.config import RgbdConfig, S3disConfig, ScannetConfig
from gaussrep.data.scenes.dataset import SceneDataset
from gaussrep.data.scenes.frames import read_depth
from gaussrep.data.scenes.rgbd.depth_unit import find_depth_scale
from gaussrep.data.scenes.scannet.prepare import PrepareSettings, prepare_scene
from gaussrep.data.scenes.scannet.raw_labels import FILE, read_label_table
from gaussrep.data.scenes.scene import Scene
from gaussrep.data.scenes.subset import LabeledPoints
from gaussrep.embedding import FolderEmbedding
from gaussrep.embedding.cached_features import FeatureStore
from gaussrep.embedding.shards import EmbeddingShards
from gaussrep.errors import DataError
from gaussrep.evaluation.comparison import read_groups
from gaussrep.evaluation.resolve import evaluation_config_of_run
from gaussrep.fitting.camera_paths import read_camera_path
from gaussrep.fitting.capture import open_capture
from gaussrep.fitting.capture_config import ColmapConfig, TransformsConfig
from gaussrep.fitting.colmap_model import MODELS
from gaussrep.fitting.synthetic import synthetic_capture
from gaussrep.fitting.transforms import write_transforms
from gaussrep.training.checkpoint import load_run, read_checkpoint
from gaussrep.training.config import TrainConfig
from gaussrep.training.metrics_table import last_row
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.trainer import train
from gaussrep_gaussiancross.backbones.config import SparseUNetConfig
from gaussrep_gaussiancross.backbones.sparse_unet import SparseUNet, load_weights

Files = dict[str, bytes]
Read = Callable[[Path], Any]
Write = Callable[[Path], None]

READERS: dict[str, tuple[Write, Read]] = {}
"""By name, what writes valid files into an empty folder, and what reads them."""


def files_of(folder: Path) -> Files:
    """Read all files of a folder.

    Args:
        folder: The folder.

    Returns:
        Contents by relative path.
    """
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _scene(degree: int | None) -> gr.Gaussians:
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=generator)

    colors = {"colors": random(5, 3)} if degree is None else {"sh": random(5, (degree + 1) ** 2, 3)}
    return gr.Gaussians(
        means=random(5, 3),
        quats=random(5, 4) + 0.1,
        scales=random(5, 3) + 0.1,
        opacities=random(5),
        **colors,
    )


def _add_format(name: str, file: str, degree: int | None = 1, **settings: Any) -> None:
    READERS[name] = (
        lambda folder: gr.save(_scene(degree), folder / file, **settings),
        lambda folder: gr.load(folder / file),
    )


_add_format("ply", "a.ply")
_add_format("ply-compressed", "a.compressed.ply")
_add_format("splat", "a.splat", None)
_add_format("spz2", "a.spz", version=2)
_add_format("spz3", "a.spz", 3, version=3)
_add_format("spz4", "a.spz", version=4)
_add_format("sog", "a.sog")
_add_format("sog-folder", "meta.json")
_add_format("glb", "a.glb")
_add_format("gltf", "a.gltf")
_add_format("usda", "a.usda")
_add_format("usdc", "a.usdc")
_add_format("usdz", "a.usdz")


def _write_ascii_ply(folder: Path) -> None:
    names = ["x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1"]
    names += ["scale_2", "rot_0", "rot_1", "rot_2", "rot_3"]
    head = ["ply", "format ascii 1.0", "element vertex 4", *(f"property float {n}" for n in names)]
    rows = np.random.default_rng(0).normal(size=(4, len(names)))
    lines = [*head, "end_header", *(" ".join(f"{v:.4f}" for v in row) for row in rows)]
    (folder / "a.ply").write_text("\n".join(lines) + "\n")


READERS["ply-ascii"] = (_write_ascii_ply, lambda folder: gr.load(folder / "a.ply"))


def _write_ksplat(folder: Path) -> None:
    header, section = bytearray(4096), bytearray(1024)
    struct.pack_into("<BB2xIIIIH", header, 0, 0, 1, 1, 1, 4, 3, 1)
    struct.pack_into("<ff", header, 36, -2, 0.55)
    struct.pack_into("<IIIIfHxxIIIIH", section, 0, 3, 4, 2, 2, 5, 12, 0, 0, 1, 1, 1)
    data = [bytes(header), bytes(section), struct.pack("<I6f", 1, 10, 20, 30, -10, -20, -30)]
    row = struct.Struct("<3H7e4B9e")
    for place in (100, 200, 300):
        data.append(row.pack(*(place,) * 3, 0.5, 0.25, 2, 1, 0, 0, 0.5, 255, 0, 51, 51, *range(9)))
    (folder / "a.ksplat").write_bytes(b"".join(data) + bytes(row.size))


READERS["ksplat"] = (_write_ksplat, lambda folder: gr.load(folder / "a.ksplat"))


def _write_crate_of_openusd(folder: Path) -> None:
    """A file with what gaussrep's own lack: matches of LZ4, packed arrays, samples, transforms."""
    from pxr import Usd, UsdGeom, UsdVol, Vt

    stage = Usd.Stage.CreateNew(str(folder / "a.usdc"))
    above = UsdGeom.Xform.Define(stage, "/top")
    above.AddTranslateOp().Set((0.5, 2, 3))
    above.AddRotateXYZOp().Set((1, 2, 3))
    field = UsdVol.ParticleField3DGaussianSplat.Define(stage, "/top/a")
    rows = np.random.default_rng(0).random((20, 3)).astype("f4")
    field.CreatePositionsAttr(Vt.Vec3fArray.FromNumpy(rows))
    field.GetScalesAttr().Set(Vt.Vec3fArray.FromNumpy(rows + 0.1), 2.0)
    field.CreateOpacitiesAttr([0.25, 0.75] * 10)
    field.CreateOpacitieshAttr([1, 0] * 10)
    field.GetPrim().SetCustomDataByKey("gaussrep:antialiased", True)
    stage.Save()


if find_spec("pxr"):
    READERS["usdc-packed"] = (_write_crate_of_openusd, lambda folder: gr.load(folder / "a.usdc"))


def _pixels(mode: str) -> Image.Image:
    values = np.random.default_rng(0).integers(0, 255, (12, 10, 4), dtype=np.uint8)
    if mode == "I;16":
        return Image.fromarray(values[..., 0].astype(np.uint16) * 200)
    return Image.fromarray(values, "RGBA").convert(mode)


def _add_image(name: str, file: str, mode: str, **settings: Any) -> None:
    READERS[name] = (
        lambda folder: _pixels(mode).save(folder / file, **settings),
        lambda folder: np.asarray(read_image(folder / file)),
    )


_add_image("png", "a.png", "RGB")
_add_image("png-16", "a.png", "I;16")
_add_image("png-alpha", "a.png", "RGBA")
_add_image("png-palette", "a.png", "P", transparency=3)
_add_image("jpeg", "a.jpg", "RGB")
_add_image("bmp", "a.bmp", "RGB")
_add_image("webp", "a.webp", "RGB")
_add_image("tiff", "a.tif", "RGB")
_add_image("tiff-packed", "a.tif", "RGB", compression="tiff_deflate")
READERS["depth"] = (
    lambda folder: _pixels("I;16").save(folder / "a.png"),
    lambda folder: read_depth(folder / "a.png"),
)


def _encoded_pixels() -> list[bytes]:
    streams = [BytesIO() for _ in range(3)]
    for stream, mode in zip(streams, ("RGB", "L", "P"), strict=True):
        _pixels(mode).save(stream, "PNG")
    return [stream.getvalue() for stream in streams]


def _write_tar(folder: Path) -> None:
    with tarfile.open(folder / "0.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        for number, content in enumerate(_encoded_pixels()):
            for name, data in ((f"{number}.png", content), (f"{number}.cls", b"1\n")):
                member = tarfile.TarInfo("é" * (number == 2) + name)
                member.size = len(data)
                archive.addfile(member, BytesIO(data))


def _table() -> Any:
    from datasets import ClassLabel, Dataset, Features, Image

    images = [{"bytes": content, "path": None} for content in _encoded_pixels()]
    features = Features({"image": Image(), "label": ClassLabel(names=["a", "b"])})
    return Dataset.from_dict({"image": images, "label": [0, 1, 1]}, features=features)


def _read_encoded(name: str, folder: Path, **settings: Any) -> Any:
    config = {"type": name, "root": str(folder), "image_size": 8, **settings}
    images = gr.build("datasets", config, split="train")
    return [images[index] for index in range(len(images))]


if find_spec("webdataset"):
    READERS["tar-shard"] = (_write_tar, partial(_read_encoded, "webdataset"))
if find_spec("datasets"):
    READERS["parquet"] = (
        lambda folder: _table().to_parquet(folder / "a.parquet") and None,
        lambda folder: _read_encoded("huggingface", folder, cache=str(folder / "cache")),
    )
    READERS["parquet-streamed"] = (
        lambda folder: _table().to_parquet(folder / "a.parquet", batch_size=2) and None,
        lambda folder: _read_encoded("huggingface", folder, streaming=True),
    )
    READERS["arrow"] = (
        lambda folder: _table().save_to_disk(folder / "a"),
        lambda folder: _read_encoded("huggingface", folder / "a"),
    )


def _read_capture(folder: Path, config: type[Any]) -> Any:
    capture = open_capture(config(path=str(folder)))
    return capture.train, capture.held_out, capture.points, capture.colors


def _write_transforms(folder: Path) -> None:
    write_transforms(synthetic_capture(views=4, size=8).train, folder, hold_out_every=3)


READERS["transforms"] = (_write_transforms, lambda f: _read_capture(f, TransformsConfig))

NUMBERS = {name: number for number, (name, _) in MODELS.items()}
CAMERAS = {
    1: ("PINHOLE", 20, 10, (30.0, 32.0, 9.0, 5.5)),
    7: ("OPENCV", 20, 10, (30.0, 30.0, 10.0, 5.0, 0.01, 0.0, 0.0, 0.0)),
}
POSES = [
    (3 + n, (0.5, 0.5, -0.5, 0.5), (0.0, n, 2.0), 1 + 6 * (n % 2), f"{n}.png") for n in range(4)
]
POINTS = [(9, (1.0, 2.0, 3.0), (255, 0, 51), 0.5, 3), (4, (4.0, 5.0, 6.0), (0, 0, 0), 2.0, 2)]


def _write_colmap_images(folder: Path) -> Path:
    (folder / "images").mkdir()
    for number in range(4):
        image = Image.new("RGB", (20, 10), (20 * number,) * 3)
        image.save(folder / "images" / f"{number}.png")
    (folder / "sparse" / "0").mkdir(parents=True)
    return folder / "sparse" / "0"


def _write_colmap_text(folder: Path) -> None:
    model = _write_colmap_images(folder)
    lines = [f"{key} {m} {w} {h} {' '.join(map(str, p))}" for key, (m, w, h, p) in CAMERAS.items()]
    (model / "cameras.txt").write_text("# cameras\n" + "\n".join(lines) + "\n")
    text = "# images\n"
    for key, q, t, camera, name in POSES:
        text += f"{key} {' '.join(map(str, (*q, *t)))} {camera} {name}\n1.5 2.5 9 3.5 4.5 -1\n"
    (model / "images.txt").write_text(text)
    lines = [
        f"{key} {' '.join(map(str, (*xyz, *rgb, error)))} {'1 2 ' * track}"
        for key, xyz, rgb, error, track in POINTS
    ]
    (model / "points3D.txt").write_text("\n".join(lines) + "\n")


def _write_colmap_binary(folder: Path) -> None:
    model = _write_colmap_images(folder)
    data = struct.pack("<Q", len(CAMERAS))
    for key, (name, w, h, params) in CAMERAS.items():
        data += struct.pack(f"<IiQQ{len(params)}d", key, NUMBERS[name], w, h, *params)
    (model / "cameras.bin").write_bytes(data)
    data = struct.pack("<Q", len(POSES))
    for key, q, t, camera, name in POSES:
        data += struct.pack("<I7dI", key, *q, *t, camera) + name.encode() + b"\0"
        data += struct.pack("<Q", 2) + struct.pack("<ddQ", 1.5, 2.5, 9) * 2
    (model / "images.bin").write_bytes(data)
    data = struct.pack("<Q", len(POINTS))
    for key, xyz, rgb, error, track in POINTS:
        data += struct.pack("<Q3d3BdQ", key, *xyz, *rgb, error, track) + bytes(8 * track)
    (model / "points3D.bin").write_bytes(data)


READERS["colmap-text"] = (_write_colmap_text, lambda f: _read_capture(f, ColmapConfig))
READERS["colmap-binary"] = (_write_colmap_binary, lambda f: _read_capture(f, ColmapConfig))


def _write_camera_path(folder: Path) -> None:
    matrix = np.eye(4).ravel().tolist()
    content = {"camera_path": [{"camera_to_world": matrix, "fov": 50, "aspect": 1.5}] * 2}
    (folder / "path.json").write_text(json.dumps(content))


READERS["camera-path"] = (
    _write_camera_path,
    lambda folder: read_camera_path(folder / "path.json", 30, 20),
)


def _frames(count: int) -> tuple[list[RGBDFrame], np.ndarray]:
    rng = np.random.default_rng(0)
    eyes = torch.tensor([[0.3 * turn, -1.5, 1.5] for turn in range(count)])
    up = torch.tensor([0.0, 0, 1])
    cameras = Cameras.look_at(eyes, torch.zeros(3), up, width=16, height=12)
    K = cameras.Ks[0].double().numpy()
    frames = [
        RGBDFrame(
            rng.integers(0, 255, (12, 16, 3), dtype=np.uint8),
            (2 + 0.1 * rng.random((12, 16))).astype(np.float32),
            viewmat.numpy(),
            K,
        )
        for viewmat in cameras.viewmats
    ]
    return frames, K


def _write_raw_scannet(folder: Path) -> None:
    scene = folder / "scans" / "scene0000_00"
    scene.mkdir(parents=True)
    write_mesh(scene / "scene0000_00_vh_clean_2.ply")
    write_labels(scene, "scene0000_00")
    frames, K = _frames(2)
    given = [SimpleNamespace(image=each.image, depth=each.depth) for each in frames]
    write_sens(scene / "scene0000_00.sens", given, [np.eye(4)] * 2, K)
    (folder / FILE).write_text(TABLE)


def _read_raw_scannet(folder: Path) -> Any:
    labels = read_label_table(folder / FILE)
    how = PrepareSettings(out=folder / "out", frames=2, step=1, seed=0, labels=labels)
    prepared = prepare_scene(folder / "scans" / "scene0000_00", how)
    if prepared.outcome == "failed":
        raise DataError(prepared.reason)
    return prepared


READERS["scannet-raw"] = (_write_raw_scannet, _read_raw_scannet)


def _cloud() -> PointCloud:
    points = torch.rand(30, 3, generator=torch.Generator().manual_seed(0))
    normals = torch.tensor([0.0, 0, 1]).expand(30, 3).clone()
    labels = torch.arange(30)
    return PointCloud(points, points.clone(), normals, labels % 5 - 1, labels // 10 - 1)


def _write_scannet(folder: Path) -> None:
    frames, K = _frames(3)
    write_scene(folder, "train", "scene0000_00", _cloud(), frames, K)
    write_scene(folder, "val", "scene0001_00", _cloud(), frames, K)


def _write_s3dis(folder: Path) -> None:
    cloud = _cloud()
    for area in range(1, 7):
        room = folder / f"Area_{area}" / "office_1"
        room.mkdir(parents=True)
        np.save(room / "coord.npy", cloud.points.numpy())
        np.save(room / "color.npy", (255 * cloud.colors).byte().numpy())
        np.save(room / "normal.npy", cloud.normals.numpy())
        np.save(room / "segment.npy", np.arange(30) % 13)
        np.save(room / "instance.npy", np.arange(30))


def _write_rgbd(folder: Path) -> None:
    frames, K = _frames(9)
    (folder / "room" / "frames").mkdir(parents=True)
    np.savetxt(folder / "room" / "camera-intrinsics.txt", K)
    for number, frame in enumerate(frames):
        stem = folder / "room" / "frames" / f"frame-{number:06d}"
        Image.fromarray(frame.image).save(f"{stem}.color.jpg")
        depth = (frame.depth * 1000).astype(np.uint16)
        Image.fromarray(depth).save(f"{stem}.depth.png")
        np.savetxt(f"{stem}.pose.txt", np.linalg.inv(frame.viewmat.astype(np.float64)))


def _read_scenes(config: Any) -> Any:
    return [SceneDataset(config, split)[0] for split in ("train", "val")]


READERS["scannet"] = (
    _write_scannet,
    lambda f: _read_scenes(ScannetConfig(root=f, views=2, image_size=(12, 16))),
)
READERS["s3dis"] = (_write_s3dis, lambda f: _read_scenes(S3disConfig(root=f, views=0)))
READERS["rgbd"] = (
    _write_rgbd,
    lambda f: _read_scenes(RgbdConfig(root=f, views=2, image_size=(12, 16), voxel=0.2)),
)


def _write_depth_unit(folder: Path, name: str, text: str) -> None:
    """One depth image, and a file that states its unit."""
    (folder / name).write_text(text, encoding="utf-8")
    Image.fromarray(np.full((2, 2), 1500, np.uint16)).save(folder / "depth.png")


INFO = "m_versionNumber = 4\nm_sensorName = StructureSensor\nm_depthShift = 1000\n"
CAMERA = {"camera": {"w": 1200, "h": 680, "fx": 600.0, "cx": 599.5, "scale": 6553.5}}
for _name, _file, _text in (
    ("bundlefusion-depth", "info.txt", INFO),
    ("replica-depth", "cam_params.json", json.dumps(CAMERA)),
):
    READERS[_name] = (
        partial(_write_depth_unit, name=_file, text=_text),
        lambda f: read_depth(f / "depth.png", find_depth_scale(f)),
    )


def _write_rgbd_cache(folder: Path) -> None:
    _write_rgbd(folder)
    READERS["rgbd"][1](folder)


READERS["rgbd-cache"] = (_write_rgbd_cache, READERS["rgbd"][1])


def _write_points(folder: Path, ending: str) -> None:
    (folder / "tasks" / "points").mkdir(parents=True)
    file = folder / "tasks" / "points" / f"points9{ending}"
    if ending == ".json":
        file.write_text(json.dumps({"room": list(range(9)), "other": [1, 2]}))
    elif ending == ".npz":
        np.savez_compressed(file, room=np.arange(9), other=np.arange(2))
    else:
        torch.save({"room": torch.arange(9), "other": np.arange(2).tolist()}, file)


def _read_points(folder: Path) -> Any:
    scene = Scene("room", _cloud(), None)
    return LabeledPoints(folder, 9, 0).keep(scene).cloud.labels


for _ending in (".json", ".npz", ".pth"):
    READERS[f"points-{_ending[1:]}"] = (
        lambda folder, ending=_ending: _write_points(folder, ending),
        _read_points,
    )


def _write_bsds(folder: Path, *, compressed: bool) -> None:
    from scipy.io import savemat

    entry = {
        "Segmentation": np.arange(48, dtype=np.uint16).reshape(6, 8) // 9,
        "Boundaries": np.eye(6, 8) > 0,
    }
    cells = np.empty((1, 2), dtype=object)
    cells[0, 0], cells[0, 1] = entry, entry
    savemat(folder / "a.mat", {"groundTruth": cells}, do_compression=compressed)


for _name, _compressed in (("bsds", False), ("bsds-packed", True)):
    READERS[_name] = (
        lambda folder, compressed=_compressed: _write_bsds(folder, compressed=compressed),
        lambda folder: read_annotations(folder / "a.mat", 6, 8),
    )


def _write_run(folder: Path) -> None:
    (folder / "images").mkdir()
    for number in range(6):
        Image.new("RGB", (16, 16), (30 * number, 9, 9)).save(folder / "images" / f"{number}.png")
    small = {"width": 8, "depth": 1, "heads": 1}
    given = {
        "method": {
            "type": "mae", "image_size": 16, "patch_size": 8, "encoder": small, "decoder": small
        },
        "data": {"type": "images", "root": str(folder / "images"), "image_size": 16},
        "trainer": {
            "steps": 2, "batch_size": 2, "checkpoint_every": 1, "device": "cpu", "log_every": 1,
            "validate_every": 0, "tensorboard": False,
        },
    }  # fmt: skip
    train(load_config(TrainConfig, given), folder / "run")


def _read_run(folder: Path) -> Any:
    run = RunFolder.open(folder / "run")
    method = load_run(run.path)
    run.trusted()
    last_row(run.metrics_file)
    config = evaluation_config_of_run(run, "effective-rank", [f"data.root={folder / 'images'}"])
    checkpoint = run.latest_checkpoint()
    tensors, state = read_checkpoint(checkpoint, method)
    return method.state_dict(), config.data.model_dump(), tensors, state


READERS["run"] = (_write_run, _read_run)


def _write_settings(folder: Path) -> None:
    text = """
method: {type: mae, image_size: 16, patch_size: 8}
data: &data
  type: images
  root: photos
  image_size: 16
trainer:
  steps: 10
  lr: 1e-3
  optimizer: {type: adamw, betas: [0.9, 0.95]}
evaluations:
  rank: {type: effective-rank, data: *data}
"""
    (folder / "config.yaml").write_text(text)


READERS["settings"] = (
    _write_settings,
    lambda folder: load_config(TrainConfig, None, [folder / "config.yaml"]).model_dump(),
)


def _backbone() -> SparseUNet:
    return SparseUNet(SparseUNetConfig(base_channels=4, channels=[4, 4], layers=[1, 1]), 6)


def _write_backbone(folder: Path, ending: str) -> None:
    from safetensors.torch import save_file

    weights = _backbone().state_dict()
    if ending == ".pth":
        torch.save({"state_dict": weights}, folder / "a.pth")
    else:
        save_file(weights, folder / "a.safetensors")


def _read_backbone(folder: Path, ending: str) -> Any:
    backbone = _backbone()
    load_weights(backbone, folder / f"a{ending}")
    return backbone.state_dict()


for _ending in (".pth", ".safetensors"):
    READERS[f"backbone-{_ending[1:]}"] = (
        partial(_write_backbone, ending=_ending),
        partial(_read_backbone, ending=_ending),
    )


def _write_scores(folder: Path) -> None:
    for seed in range(2):
        run = folder / str(seed)
        (run / "evaluations").mkdir(parents=True)
        settings = f"method: {{type: a}}\ntrainer: {{steps: 3}}\nseed: {seed}\n"
        (run / "config.yaml").write_text(settings)
        (run / "finished.json").write_text(json.dumps({"step": 3}))
        (run / "metrics.csv").write_text("step,loss\n1,0.5\n3,0.25\n")
        scores = {"own": {"accuracy": 0.5 + seed}, "random": {"accuracy": 0.25}}
        (run / "evaluations" / "knn.json").write_text(json.dumps({"scores": scores}))


READERS["scores"] = (_write_scores, lambda folder: read_groups([folder]) and None)


def _write_embedding(folder: Path) -> None:
    from safetensors.torch import save_file

    metadata = {"names": json.dumps(["a.png", "b.png"]), "damaged": "[]"}
    save_file({"pooled": torch.rand(2, 4)}, folder / "a.safetensors", metadata)


def _read_embedding(folder: Path) -> Any:
    embedding = FolderEmbedding.open(folder / "a.safetensors")
    return embedding.names, embedding.damaged, embedding.load()


READERS["embedding"] = (_write_embedding, _read_embedding)
PLAN = {"weights": "0" * 64, "images": ["a.png"]}
READERS["shards"] = (
    lambda folder: EmbeddingShards.open(folder / "out.parts", 9, PLAN) and None,
    lambda folder: EmbeddingShards.open(folder / "out.parts", 9, PLAN) and None,
)


def _write_features(folder: Path) -> None:
    (folder / "ab").mkdir()
    np.save(folder / "ab" / "abcd.npy", np.random.default_rng(0).random((2, 3, 4)).astype("f2"))


READERS["features"] = (_write_features, lambda folder: FeatureStore(folder, 4, 10**9).read("abcd"))
