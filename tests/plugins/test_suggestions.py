import pytest

from gaussrep.plugins.suggestions import suggest


@pytest.mark.parametrize(
    ("given", "known", "output"),
    [
        ("gmea", ["gmae", "gaussiancross"], "did you mean 'gmae'?"),
        ("x", ["mse", "l1", "l1"], "there are: l1, mse."),
        ("x", [], "there is none."),
        ("", ["mse"], "there are: mse."),
        ("x", map(str, range(100, 115)), "there are: " + ", ".join(map(str, range(100, 112)))),
    ],
)
def test_the_closest_name_or_all_of_them(given, known, output):
    assert suggest(given, known).startswith(output)


def test_a_long_list_is_cut():
    assert suggest("x", map(str, range(100, 115))).endswith("111 and 3 more.")
