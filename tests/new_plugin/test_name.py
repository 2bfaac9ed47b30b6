import pytest

from gaussrep.errors import PluginError
from gaussrep.new_plugin.name import PluginName


@pytest.mark.parametrize(
    ("given", "distribution", "package"),
    [
        ("my-plugin", "my-plugin", "my_plugin"),
        ("My_Plugin.2", "my-plugin-2", "my_plugin_2"),
        ("a", "a", "a"),
        ("gaussrep-fog", "gaussrep-fog", "gaussrep_fog"),
    ],
)
def test_names_are_normalized(given, distribution, package):
    assert PluginName.parse(given) == PluginName(distribution, package)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "is not a name for a plugin; expected letters, digits and '-'"),
        ("2d", "a letter first"),
        ("my plugin", "is not a name for a plugin"),
        ("-x", "is not a name for a plugin"),
        ("x-", "no '-' last"),
        ("../x", "is not a name for a plugin"),
        ("straße", "is not a name for a plugin"),
        ("x\n", "is not a name for a plugin"),
        ("class", "'class' is a keyword of Python .* such as my-class"),
        ("tests", "a module 'tests' is installed already"),
        ("json", "a module 'json' is installed already"),
        ("Gaussrep", "a module 'gaussrep' is installed already"),
        ("gmae", "'gmae' is the method 'gmae' of gaussrep-gmae"),
    ],
)
def test_what_cannot_be_a_name_is_refused_in_one_sentence(given, reason):
    with pytest.raises(PluginError, match=reason) as refused:
        PluginName.parse(given)
    assert "\n" not in str(refused.value)
