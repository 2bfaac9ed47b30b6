import pytest

from gaussrep.plugins.discovery import discover


def own(site):
    found, failures = discover()
    return [origin for origin, _ in found if origin.distribution in site.names], failures


def test_entry_points_come_sorted_by_distribution_and_name(site):
    site.add("zeta", entry_points="[gaussrep]\nb = zeta_plugin\na = zeta_plugin\n")
    site.add("Al.pha")
    site.names.append("al-pha")
    found, failures = own(site)
    assert [(o.distribution, o.entry_point) for o in found] == [
        ("al-pha", "Al.pha"),
        ("zeta", "a"),
        ("zeta", "b"),
    ]
    assert failures == []


def test_other_groups_are_not_ours(site):
    site.add("other", entry_points="[console_scripts]\ngaussrep-x = other_plugin:main\n")
    assert own(site) == ([], [])


def test_damaged_entry_points_cost_only_their_distribution(site):
    site.add("damaged", entry_points="[gaussrep]\nno equals sign\n")
    site.add("whole")
    found, (failure,) = own(site)
    assert [origin.distribution for origin in found] == ["whole"]
    assert (failure.distribution, failure.phase) == ("damaged", "metadata")


def test_metadata_without_a_name_is_recorded(site):
    site.add("nameless")
    (site.folder / "nameless-1.0.dist-info" / "METADATA").write_text("Version: 1.0\n")
    found, (failure,) = own(site)
    assert found == []
    assert "no Name" in failure.error


def test_entry_points_of_another_tool_that_are_no_text_are_passed_over(site):
    site.add("binary")
    (site.folder / "binary-1.0.dist-info" / "entry_points.txt").write_bytes(b"\xff\xfe")
    assert own(site) == ([], [])


@pytest.mark.parametrize("name", ["twin", "TWIN"])
def test_of_two_copies_the_first_on_the_path_counts(site, tmp_path, monkeypatch, name):
    site.add("twin", version="1.0")
    first = type(site)(tmp_path / "first")
    first.folder.mkdir()
    first.add(name, version="2.0")
    monkeypatch.syspath_prepend(str(first.folder))
    found, _ = own(site)
    assert [origin.version for origin in found] == ["2.0"]
