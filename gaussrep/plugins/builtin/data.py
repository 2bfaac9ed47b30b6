"""The data sets, scenes, captures and formats of the core."""

from collections.abc import Iterator

from gaussrep.plugins.hookspecs import hookimpl
from gaussrep.plugins.records import (
    CaptureRecord,
    DatasetRecord,
    FormatRecord,
    SceneSourceRecord,
)


@hookimpl
def register_datasets() -> Iterator[DatasetRecord]:
    """The data sets of the core."""
    yield DatasetRecord(
        name="images",
        summary="Crops of the images in a folder.",
        target="gaussrep.data.folders:ImageFolder",
        config="gaussrep.data.config:ImagesConfig",
        modality="image",
    )
    yield DatasetRecord(
        name="photos",
        summary="Crops of eight images inside scikit-image and scikit-learn; no download.",
        target="gaussrep.data.photos:Photos",
        config="gaussrep.data.config:PhotosConfig",
        requires=("scikit-image>=0.22", "scikit-learn>=1.4"),
        modality="image",
    )
    yield DatasetRecord(
        name="shapes",
        summary="Synthetic layered objects with exact masks, order, depth and edges.",
        target="gaussrep.data.shapes.dataset:Shapes",
        config="gaussrep.data.shapes.config:ShapesConfig",
        modality="image",
    )
    yield DatasetRecord(
        name="bsds500",
        summary="Images with the boundaries that several people drew.",
        target="gaussrep.data.bsds500:BSDS500",
        config="gaussrep.data.config:BSDS500Config",
        modality="image",
    )
    yield DatasetRecord(
        name="stereo",
        summary="One image inside scikit-image with measured disparities; no download.",
        target="gaussrep.data.stereo:Stereo",
        requires=("scikit-image>=0.22",),
        modality="image",
    )
    yield DatasetRecord(
        name="folders",
        summary="Labeled images: train/ and val/ (or test/) with one folder per class.",
        target="gaussrep.data.folders:ClassFolders",
        config="gaussrep.data.config:FoldersConfig",
        modality="image",
    )
    yield DatasetRecord(
        name="imagenet",
        summary="ImageNet-1k, unpacked: train/ and val/ with one folder per class.",
        target="gaussrep.data.folders:ClassFolders",
        config="gaussrep.data.config:ImageNetConfig",
        modality="image",
    )
    yield DatasetRecord(
        name="imagenette",
        summary="Imagenette, ten easy classes of ImageNet, unpacked.",
        target="gaussrep.data.folders:ClassFolders",
        config="gaussrep.data.config:ImagenetteConfig",
        modality="image",
    )
    yield DatasetRecord(
        name="webdataset",
        summary="Images in tar shards, in the layout of WebDataset.",
        target="gaussrep.data.encoded.tar_shards:open_shards",
        config="gaussrep.data.encoded.config:WebDatasetConfig",
        requires=("webdataset>=1.0.2",),
        modality="image",
    )
    yield DatasetRecord(
        name="huggingface",
        summary="Images in Parquet or Arrow files, by the library Hugging Face datasets.",
        target="gaussrep.data.encoded.arrow_tables:open_tables",
        config="gaussrep.data.encoded.config:HuggingFaceConfig",
        requires=("datasets>=4.4",),
        modality="image",
    )
    yield DatasetRecord(
        name="cifar10",
        summary="CIFAR-10: 60,000 images of 32 pixels in 10 classes.",
        target="gaussrep.data.torchvision_sets:cifar10",
        config="gaussrep.data.config:Cifar10Config",
        requires=("torchvision>=0.25",),
        modality="image",
    )
    yield DatasetRecord(
        name="cifar100",
        summary="CIFAR-100: 60,000 images of 32 pixels in 100 classes.",
        target="gaussrep.data.torchvision_sets:cifar100",
        config="gaussrep.data.config:Cifar100Config",
        requires=("torchvision>=0.25",),
        modality="image",
    )
    yield DatasetRecord(
        name="stl10",
        summary="STL-10: 13,000 images of 96 pixels in 10 classes, 100,000 without labels.",
        target="gaussrep.data.torchvision_sets:stl10",
        config="gaussrep.data.config:Stl10Config",
        requires=("torchvision>=0.25",),
        modality="image",
    )
    yield DatasetRecord(
        name="scenes",
        summary="RGB-D scenes of any scene source, those of plugins included.",
        target="gaussrep.data.scenes.dataset:SceneDataset",
        config="gaussrep.data.scenes.config:ScenesConfig",
        modality="points",
    )
    yield DatasetRecord(
        name="scannet",
        summary="ScanNet v2 and data sets in its layout: points, labels, RGB-D views.",
        target="gaussrep.data.scenes.dataset:SceneDataset",
        config="gaussrep.data.scenes.config:ScannetConfig",
        modality="points",
    )
    yield DatasetRecord(
        name="s3dis",
        summary="S3DIS: labeled points of the rooms of six office areas.",
        target="gaussrep.data.scenes.dataset:SceneDataset",
        config="gaussrep.data.scenes.config:S3disConfig",
        modality="points",
    )
    yield DatasetRecord(
        name="rgbd",
        summary="Your own posed RGB-D recordings, fused to points; no labels.",
        target="gaussrep.data.scenes.dataset:SceneDataset",
        config="gaussrep.data.scenes.config:RgbdConfig",
        modality="points",
    )
    yield DatasetRecord(
        name="capture",
        summary="The views of a capture: posed images of one scene.",
        target="gaussrep.fitting.dataset:CaptureDataset",
        config="gaussrep.fitting.capture_config:CaptureDatasetConfig",
        modality="views",
    )


@hookimpl
def register_scene_sources() -> Iterator[SceneSourceRecord]:
    """The scene sources of the core."""
    yield SceneSourceRecord(
        name="scannet",
        summary="Scenes in the layout of ScanNet v2.",
        target="gaussrep.data.scenes.scannet.source:ScannetSource",
        config="gaussrep.data.scenes.config:ScannetSourceConfig",
    )
    yield SceneSourceRecord(
        name="s3dis",
        summary="Rooms of S3DIS in Pointcept's layout; points alone.",
        target="gaussrep.data.scenes.s3dis:S3disSource",
        config="gaussrep.data.scenes.config:S3disSourceConfig",
    )
    yield SceneSourceRecord(
        name="rgbd",
        summary="Posed RGB-D recordings, fused to points.",
        target="gaussrep.data.scenes.rgbd.source:RgbdSource",
        config="gaussrep.data.scenes.config:RgbdSourceConfig",
    )


@hookimpl
def register_captures() -> Iterator[CaptureRecord]:
    """The capture formats of the core."""
    yield CaptureRecord(
        name="transforms",
        summary="Folders with transforms.json, as instant-ngp and nerfstudio write them.",
        target="gaussrep.fitting.transforms:transforms_capture",
        config="gaussrep.fitting.capture_config:TransformsConfig",
        markers=("transforms.json", "transforms_train.json"),
    )
    yield CaptureRecord(
        name="colmap",
        summary="Models of COLMAP, text or binary, with their images.",
        target="gaussrep.fitting.colmap:colmap_capture",
        config="gaussrep.fitting.capture_config:ColmapConfig",
        markers=(
            "sparse/cameras.bin",
            "sparse/cameras.txt",
            "sparse/*/cameras.bin",
            "sparse/*/cameras.txt",
            "colmap/sparse/*/cameras.bin",
            "colmap/sparse/*/cameras.txt",
        ),
        yields_to=("transforms",),
    )
    yield CaptureRecord(
        name="recording",
        summary="Posed RGB-D recordings in the layout of the data set rgbd, with depth.",
        target="gaussrep.fitting.recording:recording_capture",
        config="gaussrep.fitting.capture_config:RecordingConfig",
        markers=("frames/*.pose.txt", "*/frames/*.pose.txt"),
    )
    yield CaptureRecord(
        name="synthetic",
        summary="Synthetic scenes with known Gaussians, synthetic:balls.",
        target="gaussrep.fitting.synthetic:read_synthetic",
        config="gaussrep.fitting.capture_config:SyntheticConfig",
        prefix="synthetic:",
    )


@hookimpl
def register_formats() -> Iterator[FormatRecord]:
    """The file formats of the core."""
    yield FormatRecord(
        name="ply",
        summary="The PLY layout of 3D Gaussian Splatting.",
        target="gaussrep.formats.ply:Ply",
        config="gaussrep.formats.config:PlyConfig",
        suffixes=(".ply",),
    )
    yield FormatRecord(
        name="splat",
        summary="antimatter15's 32 bytes per Gaussian; no view-dependent color.",
        target="gaussrep.formats.splat:Splat",
        config="gaussrep.formats.config:SplatConfig",
        suffixes=(".splat",),
    )
    yield FormatRecord(
        name="ksplat",
        summary="mkkellogg's files, compression levels 0 to 2; read only.",
        target="gaussrep.formats.ksplat:Ksplat",
        config="gaussrep.formats.config:KsplatConfig",
        suffixes=(".ksplat",),
        can_write=False,
    )
    yield FormatRecord(
        name="spz",
        summary="Niantic's compressed files: versions 1 to 4 read, 2 to 4 written.",
        target="gaussrep.formats.spz:Spz",
        config="gaussrep.formats.config:SpzConfig",
        suffixes=(".spz",),
    )
    yield FormatRecord(
        name="sog",
        summary="PlayCanvas's images of bytes: versions 1 and 2 read, 2 written.",
        target="gaussrep.formats.sog:Sog",
        config="gaussrep.formats.config:SogConfig",
        suffixes=(".sog",),
        file_names=("meta.json",),
    )
    yield FormatRecord(
        name="gltf",
        summary="glTF with Khronos's extension KHR_gaussian_splatting.",
        target="gaussrep.formats.gltf:Gltf",
        config="gaussrep.formats.config:GltfConfig",
        suffixes=(".glb", ".gltf"),
    )
    yield FormatRecord(
        name="usd",
        summary="OpenUSD's ParticleField3DGaussianSplat, as text or binary.",
        target="gaussrep.formats.usd:Usd",
        config="gaussrep.formats.config:UsdConfig",
        suffixes=(".usda", ".usdc", ".usdz", ".usd"),
    )
