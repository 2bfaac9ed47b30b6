"""Khronos's glTF with the extension KHR_gaussian_splatting, `.glb` and `.gltf`."""
