"""Write the files of a raw ScanNet scene of a few triangles."""

import io
import json
import struct
import zlib

import numpy as np
from PIL import Image

POINTS = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 2], [5, 5, 5]], np.float32)
COLORS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9], [1, 2, 3], [4, 5, 6]], "u1")
TRIANGLES = np.array([[0, 1, 2], [0, 2, 3], [0, 4, 1]], np.int32)
TABLE = """id\traw_category\tcategory\tcount\tnyu40id\teigen13id
1\twall\twall\t8277\t1\t12
2\tchair\tchair\t4646\t5\t4
1170\tdumb "bell\tx\t3\t40\t7
2000\trare thing\tx\t1\t40\t7
"""


def write_mesh(path, points=POINTS, triangles=TRIANGLES):
    kinds = [("xyz", "<f4", 3), ("rgba", "u1", 4)]
    vertices = np.zeros(len(points), kinds)
    vertices["xyz"] = points
    vertices["rgba"][:, :3] = COLORS[: len(points)]
    faces = np.zeros(len(triangles), [("n", "u1"), ("v", "<i4", 3)])
    faces["n"], faces["v"] = 3, triangles
    header = (
        f"ply\nformat binary_little_endian 1.0\ncomment made\nelement vertex {len(points)}\n"
        "property float x\nproperty float y\nproperty float z\nproperty uchar red\n"
        "property uchar green\nproperty uchar blue\nproperty uchar alpha\n"
        f"element face {len(triangles)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    path.write_bytes(header.encode() + vertices.tobytes() + faces.tobytes())


def write_sens(path, frames, poses, K, color_size=None):
    """Frames as ScanNet's recorder stored them: JPEG, deflated depth, camera-to-world."""
    height, width = frames[0].depth.shape
    columns, rows = color_size or (width, height)
    matrix = np.eye(4, dtype="<f4")
    matrix[:3, :3] = K
    matrix[:2, 2] -= 0.5
    out = [struct.pack("<IQ", 4, 6), b"sensor", matrix.tobytes(), np.eye(4, dtype="<f4").tobytes()]
    out += [matrix.tobytes(), np.eye(4, dtype="<f4").tobytes()]
    out += [struct.pack("<iiIIIIfQ", 2, 1, columns, rows, width, height, 1000.0, len(frames))]
    for frame, pose in zip(frames, poses, strict=True):
        jpeg = io.BytesIO()
        Image.fromarray(frame.image).resize((columns, rows)).save(jpeg, "JPEG", quality=95)
        depth = zlib.compress((frame.depth * 1000).round().astype("<u2").tobytes())
        out += [np.asarray(pose, "<f4").tobytes()]
        out += [struct.pack("<QQQQ", 0, 0, jpeg.tell(), len(depth)), jpeg.getvalue(), depth]
    path.write_bytes(b"".join(out))


def write_labels(folder, name):
    segments = {"segIndices": [7, 7, 8, 8, 9, 10]}
    (folder / f"{name}_vh_clean_2.0.010000.segs.json").write_text(json.dumps(segments))
    groups = [
        {"id": 0, "objectId": 0, "segments": [7], "label": "chair"},
        {"id": 1, "objectId": 1, "segments": [8, 10], "label": "wall"},
        {"id": 2, "objectId": 2, "segments": [9], "label": "never heard of"},
    ]
    (folder / f"{name}.aggregation.json").write_text(json.dumps({"segGroups": groups}))
