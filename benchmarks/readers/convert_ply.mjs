// Converts a PLY file to rows of .splat by Babylon.js.
import { readFileSync, writeFileSync } from "node:fs";
import { GaussianSplattingMesh } from "@babylonjs/core/Meshes/GaussianSplatting/gaussianSplattingMesh.js";

const [path, out] = process.argv.slice(1);
const bytes = readFileSync(path);
const data = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
const rows = await GaussianSplattingMesh.ConvertPLYToSplatAsync(data);
writeFileSync(out, new Uint8Array(rows));
