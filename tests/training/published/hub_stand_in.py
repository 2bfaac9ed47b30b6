"""A stand-in of the Hugging Face Hub's web interface, as far as files need it."""

import hashlib
import json
from base64 import b64decode
from http.server import BaseHTTPRequestHandler

COMMIT = "0" * 39 + "1"


class Hub(BaseHTTPRequestHandler):
    """Keeps the files of repositories in memory; the token is `right`."""

    repositories: dict[str, dict[str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Authorization") != "Bearer right":
            self._send({"error": "Invalid credentials"}, 401)
        elif self.path == "/api/repos/create":
            name = f"{json.loads(body).get('organization') or 'me'}/{json.loads(body)['name']}"
            self.repositories.setdefault(name, {})
            self._send({"url": f"{self._url()}/{name}"})
        elif "/preupload/" in self.path:
            files = [each["path"] for each in json.loads(body)["files"]]
            self._send(
                {
                    "files": [
                        {"path": each, "uploadMode": "regular", "shouldIgnore": False}
                        for each in files
                    ]
                }
            )
        elif self.path == "/api/validate-yaml":
            self._send({"errors": [], "warnings": []})
        else:
            self._commit(body.splitlines())

    def _commit(self, lines: list[bytes]) -> None:
        name = self.path.split("/commit/")[0].removeprefix("/api/models/")
        repository = self.repositories[name]
        for line in map(json.loads, lines):
            if line["key"] == "file":
                repository[line["value"]["path"]] = b64decode(line["value"]["content"])
        self._send({"commitUrl": f"{self._url()}/{name}/commit/{COMMIT}", "commitOid": COMMIT})

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if self.path.startswith("/api/models/"):
            name = self.path.removeprefix("/api/models/").split("/revision/")[0].split("/tree/")[0]
            files = self.repositories.get(name)
            if files is None:
                self._send({"error": "Repository not found"}, 404, {"X-Error-Code": "RepoNotFound"})
            elif "/tree/" in self.path:
                self._send([{"type": "file", "path": path, "oid": "0", "size": len(content)}
                            for path, content in files.items()])  # fmt: skip
            else:
                siblings = [{"rfilename": path} for path in files]
                self._send({"id": name, "sha": COMMIT, "siblings": siblings})
            return
        name, _, rest = self.path.lstrip("/").partition("/resolve/")
        if name not in self.repositories:
            self._send({"error": "Not found"}, 404)
            return
        content = self.repositories[name][rest.partition("/")[2]]
        etag = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        self._send(content, 200, {"X-Repo-Commit": COMMIT, "ETag": f'"{etag}"'})

    def _send(self, content, status=200, headers=None) -> None:
        payload = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(payload)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload)

    def _url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def log_message(self, *_: object) -> None:
        """Print nothing."""
