// Validates a glTF file by Khronos's validator, and prints its issues and the attributes of its mesh.
import { readFileSync } from "node:fs";
import { NodeIO } from "@gltf-transform/core";
import validator from "gltf-validator";

const [path] = process.argv.slice(1);
const report = await validator.validateBytes(new Uint8Array(readFileSync(path)));
const document = await new NodeIO().read(path);
const [primitive] = document.getRoot().listMeshes()[0].listPrimitives();
const attributes = Object.fromEntries(
  primitive.listSemantics().map((name) => [
    name,
    Array.from(primitive.getAttribute(name).getArray()),
  ]),
);
const { numErrors, numWarnings, messages } = report.issues;
const issues = [...new Set(messages.map((message) => message.code))];
console.log(JSON.stringify({ numErrors, numWarnings, issues, attributes }));
