"""The components of the core, registered by the same hooks as those of plugins."""

from collections.abc import Iterator

from gaussrep.plugins.hookspecs import hookimpl
from gaussrep.plugins.records import (
    CallbackRecord,
    CaptureRecord,
    DatasetRecord,
    EncoderRecord,
    EvaluationRecord,
    FormatRecord,
    LossRecord,
    MethodRecord,
    OptimizerRecord,
    RendererRecord,
    SceneSourceRecord,
    ScheduleRecord,
    StrategyRecord,
)

RASTERIZER_CAPABILITIES = frozenset(
    {"differentiable", "features", "depth", "sh", "antialiased"}
    | {"ortho", "pinhole", "camera_gradients", "normals"}
)


@hookimpl
def register_renderers() -> Iterator[RendererRecord]:
    """The renderers of the core."""
    yield RendererRecord(
        name="reference",
        summary="Plain torch: any device, float32 and float64; the reference of all others.",
        target="gaussrep.rendering.reference:ReferenceRenderer",
        config="gaussrep.rendering.config:ReferenceConfig",
        devices=frozenset({"cpu", "cuda", "mps"}),
        capabilities=RASTERIZER_CAPABILITIES | {"float64", "opencv", "fisheye", "median_depth"},
    )
    yield RendererRecord(
        name="triton",
        summary="Triton kernels on CUDA, compiled without the CUDA toolkit; the default there.",
        target="gaussrep.rendering.triton.renderer:TritonRenderer",
        config="gaussrep.rendering.config:TritonConfig",
        devices=frozenset({"cuda"}),
        capabilities=RASTERIZER_CAPABILITIES,
        priority=20,
    )
    yield RendererRecord(
        name="gsplat",
        summary="gsplat's CUDA kernels, which nvcc compiles on first use; selected by name.",
        target="gaussrep.rendering.gsplat.renderer:GsplatRenderer",
        config="gaussrep.rendering.config:GsplatConfig",
        requires=("gsplat>=1.4",),
        devices=frozenset({"cuda"}),
        capabilities=RASTERIZER_CAPABILITIES,
        priority=10,
    )
    yield RendererRecord(
        name="cpu",
        summary="Numba kernels on the CPU: tiled, vectorized, on all cores; float32.",
        target="gaussrep.rendering.cpu.renderer:CpuRenderer",
        config="gaussrep.rendering.config:CpuConfig",
        devices=frozenset({"cpu"}),
        capabilities=RASTERIZER_CAPABILITIES | {"opencv", "fisheye", "median_depth"},
        priority=10,
    )


@hookimpl
def register_encoders() -> Iterator[EncoderRecord]:
    """The encoders of the core."""
    yield EncoderRecord(
        name="statistics",
        summary="Local statistics of colors and edges; needs no weights.",
        target="gaussrep.encoders.statistics:StatisticsEncoder",
        config="gaussrep.encoders.teacher_config:StatisticsConfig",
        modality="image",
    )
    yield EncoderRecord(
        name="timm",
        summary="The feature map of any model of timm.",
        target="gaussrep.encoders.timm_encoder:TimmEncoder",
        config="gaussrep.encoders.teacher_config:TimmConfig",
        requires=("timm>=1.0.26",),
        modality="image",
    )
    yield EncoderRecord(
        name="radio",
        summary="NVIDIA's C-RADIO (commercial use allowed) and RADIO (not), by torch.hub.",
        target="gaussrep.encoders.radio:RadioEncoder",
        config="gaussrep.encoders.teacher_config:RadioConfig",
        requires=("timm>=1.0.26",),
        modality="image",
    )
    yield EncoderRecord(
        name="run",
        summary="The tokens in which a trained run's method embeds images, such as GMAE's.",
        target="gaussrep.embedding.run_encoder:RunEncoder",
        config="gaussrep.encoders.teacher_config:RunEncoderConfig",
        modality="image",
    )


@hookimpl
def register_losses() -> Iterator[LossRecord]:
    """The losses of the core."""
    yield LossRecord(name="mse", summary="Mean squared error.", target="gaussrep.losses.pixel:MSE")
    yield LossRecord(name="l1", summary="Mean absolute error.", target="gaussrep.losses.pixel:L1")
    yield LossRecord(
        name="smooth-l1",
        summary="Quadratic for small errors, linear for large ones.",
        target="gaussrep.losses.pixel:SmoothL1",
        config="gaussrep.losses.config:SmoothL1Config",
    )
    yield LossRecord(
        name="ssim",
        summary="One minus the structural similarity.",
        target="gaussrep.losses.pixel:SSIM",
    )
    yield LossRecord(
        name="l1-ssim",
        summary="(1 - λ) L1 + λ (1 - SSIM), the loss of 3DGS.",
        target="gaussrep.losses.pixel:L1SSIM",
        config="gaussrep.losses.config:L1SSIMConfig",
    )
    yield LossRecord(
        name="cosine",
        summary="One minus the cosine between feature vectors.",
        target="gaussrep.losses.pixel:Cosine",
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
        summary="Crops of the photographs inside scikit-image and scikit-learn; no download.",
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
        summary="Berkeley's photographs with the boundaries that several people drew.",
        target="gaussrep.data.bsds500:BSDS500",
        config="gaussrep.data.config:BSDS500Config",
        modality="image",
    )
    yield DatasetRecord(
        name="stereo",
        summary="One photograph inside scikit-image with measured disparities; no download.",
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
        config="gaussrep.fitting.config:CaptureDatasetConfig",
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
def register_methods() -> Iterator[MethodRecord]:
    """The methods of the core."""
    yield MethodRecord(
        name="fit",
        summary="The Gaussians of one scene, optimized to posed images; see gaussrep fit.",
        target="gaussrep.fitting.method:SceneFit",
        config="gaussrep.fitting.config:SceneFitConfig",
        capabilities=frozenset({"gaussians"}),
        report="gaussrep.fitting.report:write_report",
        run_files=("scene.ply", "metrics.json", "calibration.json", "fidelity.json"),
    )
    yield MethodRecord(
        name="classifier",
        summary="Another method's embedding and a linear head, trained on labels.",
        target="gaussrep.evaluation.fine_tuning.classifier:Classifier",
        config="gaussrep.evaluation.fine_tuning.config:ClassifierConfig",
        capabilities=frozenset({"embed", "embedding_layers"}),
        requires=("torchvision>=0.25",),
    )


@hookimpl
def register_evaluations() -> Iterator[EvaluationRecord]:
    """The evaluations of the core."""
    yield EvaluationRecord(
        name="knn",
        summary="Nearest-neighbor classification of frozen embeddings.",
        target="gaussrep.evaluation.knn:KNN",
        config="gaussrep.evaluation.config:KNNConfig",
    )
    yield EvaluationRecord(
        name="linear-probe",
        summary="A linear classifier on frozen embeddings.",
        target="gaussrep.evaluation.linear_probe:LinearProbe",
        config="gaussrep.evaluation.config:LinearProbeConfig",
    )
    yield EvaluationRecord(
        name="fine-tune",
        summary="The whole encoder trained on labels, by MAE's recipe.",
        target="gaussrep.evaluation.fine_tuning.fine_tune:FineTune",
        config="gaussrep.evaluation.fine_tuning.config:FineTuneConfig",
        requires=("torchvision>=0.25",),
    )
    yield EvaluationRecord(
        name="reconstruction",
        summary="PSNR and SSIM of reconstructed masked pixels.",
        target="gaussrep.evaluation.reconstruction:MaskedReconstruction",
        config="gaussrep.evaluation.config:ReconstructionConfig",
    )
    yield EvaluationRecord(
        name="effective-rank",
        summary="In how many directions embeddings differ; a measure of collapse.",
        target="gaussrep.evaluation.effective_rank:EffectiveRank",
        config="gaussrep.evaluation.config:EffectiveRankConfig",
    )


@hookimpl
def register_callbacks() -> Iterator[CallbackRecord]:
    """Yield the callbacks of the core that a run may list."""
    yield CallbackRecord(
        name="ema",
        summary="Exponential moving average of the weights.",
        target="gaussrep.training.callbacks:EMA",
        config="gaussrep.training.config:EMAConfig",
        run_files=("model-ema.safetensors",),
    )
    yield CallbackRecord(
        name="online-evaluations",
        summary="Evaluations while training; the trainer adds it for a run's `evaluations`.",
        target="gaussrep.evaluation.online:OnlineEvaluations",
        config="gaussrep.evaluation.config:OnlineEvaluationsConfig",
    )


@hookimpl
def register_optimizers() -> Iterator[OptimizerRecord]:
    """Yield the optimizers of the core."""
    yield OptimizerRecord(
        name="adamw",
        summary="Adam with decoupled weight decay; the default.",
        target="gaussrep.training.optimization:adamw",
        config="gaussrep.training.config:AdamWConfig",
    )
    yield OptimizerRecord(
        name="sgd",
        summary="Stochastic gradient descent with momentum.",
        target="gaussrep.training.optimization:sgd",
        config="gaussrep.training.config:SGDConfig",
    )


@hookimpl
def register_schedules() -> Iterator[ScheduleRecord]:
    """Yield the learning-rate schedules of the core."""
    yield ScheduleRecord(
        name="warmup-cosine",
        summary="A linear rise, then half a cosine; the default.",
        target="gaussrep.training.optimization:WarmupCosine",
        config="gaussrep.training.config:WarmupCosineConfig",
    )
    yield ScheduleRecord(
        name="constant",
        summary="A constant learning rate, after a linear rise where wanted.",
        target="gaussrep.training.optimization:Constant",
        config="gaussrep.training.config:ConstantConfig",
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
        summary="OpenUSD's ParticleField3DGaussianSplat; binary files need the extra usd.",
        target="gaussrep.formats.usd:Usd",
        config="gaussrep.formats.config:UsdConfig",
        suffixes=(".usda", ".usdc", ".usdz", ".usd"),
    )


@hookimpl
def register_strategies() -> Iterator[StrategyRecord]:
    """The densification strategies of the core."""
    yield StrategyRecord(
        name="default",
        summary="Adaptive density control of 3DGS: clone, split, prune, reset opacities.",
        target="gaussrep.fitting.default_strategy:DefaultStrategy",
        config="gaussrep.fitting.strategy_config:DefaultStrategyConfig",
    )
    yield StrategyRecord(
        name="mcmc",
        summary="3DGS-MCMC: relocate dead Gaussians, add new ones, perturb faint ones.",
        target="gaussrep.fitting.mcmc:MCMCStrategy",
        config="gaussrep.fitting.strategy_config:MCMCStrategyConfig",
    )


@hookimpl
def register_captures() -> Iterator[CaptureRecord]:
    """The capture formats of the core."""
    yield CaptureRecord(
        name="transforms",
        summary="Folders with transforms.json, as instant-ngp and nerfstudio write them.",
        target="gaussrep.fitting.transforms:transforms_capture",
        config="gaussrep.fitting.config:TransformsConfig",
        markers=("transforms.json", "transforms_train.json"),
    )
    yield CaptureRecord(
        name="colmap",
        summary="Models of COLMAP, text or binary, with their images.",
        target="gaussrep.fitting.colmap:colmap_capture",
        config="gaussrep.fitting.config:ColmapConfig",
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
        config="gaussrep.fitting.config:RecordingConfig",
        markers=("frames/*.pose.txt", "*/frames/*.pose.txt"),
    )
    yield CaptureRecord(
        name="synthetic",
        summary="Synthetic scenes with known Gaussians, synthetic:balls.",
        target="gaussrep.fitting.synthetic:read_synthetic",
        config="gaussrep.fitting.config:CaptureConfig",
        prefix="synthetic:",
    )
