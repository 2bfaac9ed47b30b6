import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("inventory.py")


def check(script):
    command = [sys.executable, script, "--check"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_inventory_is_up_to_date():
    ran = check(SCRIPT)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_removed_name_is_reported(tmp_path):
    root = SCRIPT.parents[2]
    copy = tmp_path / "tests" / "public_api"
    copy.mkdir(parents=True)
    for folder in ("docs", "gaussrep"):
        (tmp_path / folder).symlink_to(root / folder)
    (copy / "inventory.py").write_text(SCRIPT.read_text(encoding="utf-8"), encoding="utf-8")
    names = SCRIPT.with_name("names.txt").read_text(encoding="utf-8").splitlines()
    removed = names.pop()
    (copy / "names.txt").write_text("\n".join(["gaussrep.forgotten()", *names]), encoding="utf-8")
    ran = check(copy / "inventory.py")
    assert ran.returncode == 1
    assert ran.stdout.splitlines()[:2] == ["gone: gaussrep.forgotten()", f"new:  {removed}"]
