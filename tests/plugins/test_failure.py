from gaussrep.errors import PluginError
from gaussrep.plugins.failure import Origin, PluginFailure

ORIGIN = Origin("plug", "1.0", "entry")


def test_an_exception_becomes_one_line_and_a_traceback():
    try:
        raise ValueError("first\n  second")
    except ValueError as error:
        failure = PluginFailure.from_exception(ORIGIN, "import", "import", error)
    assert str(failure) == "plugin plug 1.0: import failed: ValueError: first second"
    assert 'raise ValueError("first' in failure.traceback
    assert failure.is_defect


def test_what_gaussrep_refuses_needs_no_traceback():
    failure = PluginFailure.from_exception(ORIGIN, "record", "reading", PluginError("bad name."))
    assert (str(failure), failure.traceback) == ("plugin plug 1.0: bad name.", "")


def test_a_shared_name_is_no_defect():
    failure = PluginFailure.from_message(Origin("plug", ""), "name", "shares a name.")
    assert not failure.is_defect
    assert str(failure) == "plugin plug: shares a name."
