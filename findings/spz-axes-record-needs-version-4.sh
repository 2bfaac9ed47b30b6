#!/usr/bin/env bash
# @adobe/spz 0.2.3, a build of SPZ's own library, honors Adobe's record of the axes in files of version 4 only.
#
# Expected: the record SPZ_ADOBE_coordinate_system (type 0xADBE0003) states which axes an SPZ file holds. Files of
# version 3 carry it behind their last stream, announced by a flag in the header; the library that defines the
# record reads it there as it does in version 4, and turns the scene to the axes that the caller wants.
# What happens: in version 4 it does. In version 3 it finds the record, prints "byteLength 4 exceeds remaining stream
# bytes", though these 4 bytes are there, and returns the scene without an error, turned as if it held the
# default axes "right, up, back". The result is half a turn off about x, with an empty list of extensions.
# Why it matters: gsply, gaussforge and Spark write version 3, and nearly all programs read it, so it is the natural
# choice for exchange. A program that labels its axes there, to be safe, gets its scene upside down against the
# cameras in viewers that stand on this library. Label axes in version 4; in version 3 write right, up, back.
#
# Needs node and npm.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --no-audit --no-fund --prefix "$work" @adobe/spz@0.2.3

cat > "$work/read.mjs" << 'JS'
import zlib from "node:zlib";
import createModule from "@adobe/spz";

const log = [];
const spz = await createModule({ print: (line) => log.push(line), printErr: (line) => log.push(line) });
const axes = spz.CoordinateSystem.RDF;
const stored = [1, 2, 3, -0.5, 0.25, 4];

const uint32 = (...values) => Buffer.from(Uint32Array.from(values).buffer);
const centers = Buffer.concat(stored.map((value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value * 4096);
  return bytes.subarray(0, 3);
}));
// Centers, opacities, colors, scales, quaternions (w is the largest and left out), all of two Gaussians.
const identity = (3 << 30) >>> 0;
const streams = [
  centers, Buffer.alloc(2, 200), Buffer.alloc(6, 128), Buffer.alloc(6, 96), uint32(identity, identity),
];
const record = uint32(0xadbe0003, 4, axes.value ?? axes);
const header = (version, last) =>
  Buffer.concat([Buffer.from("NGSP"), uint32(version, 2), Buffer.from([0, 12, 2, last])]);
// A Zstandard frame of one block that is stored as it is.
const frame = (bytes) => {
  const block = (bytes.length << 3) | 1;
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, bytes.length, block & 255, block >> 8, 0]), bytes]);
};
const frames = streams.map(frame);
const table = streams.map((bytes, i) => uint32(frames[i].length, 0, bytes.length, 0));
const files = {
  3: zlib.gzipSync(Buffer.concat([header(3, 0), ...streams, record])),
  4: Buffer.concat([header(4, streams.length), uint32(32 + record.length, 0, 0, 0), record, ...table, ...frames]),
};

const seen = {};
for (const [version, content] of Object.entries(files)) {
  const cloud = spz.loadSpzFromBuffer(new Uint8Array(content), { to: axes });
  const centers = [...cloud.positions];
  seen[version] = `${centers} with ${cloud.extensions.length} extensions`;
  console.log(`@adobe/spz 0.2.3, version ${version}, right-down-front stored and wanted: ${seen[version]}`);
}
console.log(log.filter((line) => line.includes("ERROR")).join("\n"));
const described = seen[4] === `${stored} with 1 extensions` &&
  seen[3] === "1,-2,-3,-0.5,-0.25,-4 with 0 extensions";
console.log(described ? "as described: the record is honored in version 4 only" : "changed: other than described");
process.exit(described ? 0 : 1);
JS
node "$work/read.mjs"
