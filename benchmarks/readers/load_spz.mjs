// Reads an SPZ file by Niantic's own code, with axes right, down, forward, and prints its numbers.
import { readFileSync } from "node:fs";
import createSpzModule from "@adobe/spz";

const [path] = process.argv.slice(1);
const spz = await createSpzModule();
const cloud = spz.loadSpzFromBuffer(readFileSync(path), { to: spz.CoordinateSystem.RDF });
const names = ["positions", "scales", "rotations", "alphas", "colors", "sh"];
const numbers = Object.fromEntries(names.map((name) => [name, Array.from(cloud[name])]));
console.log(JSON.stringify(numbers));
