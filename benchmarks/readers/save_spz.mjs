// Writes an SPZ file by Niantic's own code from numbers with axes right, down, forward.
import { readFileSync, writeFileSync } from "node:fs";
import createSpzModule from "@adobe/spz";

const [path, version, out] = process.argv.slice(1);
const spz = await createSpzModule();
const cloud = JSON.parse(readFileSync(path));
const names = ["positions", "scales", "rotations", "alphas", "colors", "sh"];
for (const name of names) cloud[name] = Float32Array.from(cloud[name]);
const options = { version: Number(version), from: spz.CoordinateSystem.RDF };
Object.assign(options, { sh1Bits: 5, shRestBits: 4 });
writeFileSync(out, spz.saveSpzToBuffer({ antialiased: false, extensions: [], ...cloud }, options));
