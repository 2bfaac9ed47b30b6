from gaussrep.report.style import page_style


def test_own_rules_come_last(tmp_path, monkeypatch):
    package = tmp_path / "package_with_a_style"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "style.css").write_text(".own { color: red; }\n")
    monkeypatch.syspath_prepend(tmp_path)
    style = page_style(package.name)
    assert style.startswith(":root")
    assert style.endswith("}\n.own { color: red; }\n")
