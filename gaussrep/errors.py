"""Every error that a user of gaussrep can cause, so that one `except` catches them all."""


class GaussrepError(Exception):
    """Base of all errors raised on purpose; the command line prints them and exits 2."""


class ShapeError(GaussrepError, ValueError):
    """A tensor has the wrong shape, dtype or device; the message names the tensor."""


class ValueRangeError(GaussrepError, ValueError):
    """A value lies outside what the operation can handle: not finite, degenerate, out of range."""


class ConfigError(GaussrepError, ValueError):
    """A configuration holds an unknown key, a wrong type or a missing value."""


class RenamedKeyError(ConfigError):
    """A configuration uses keys that have new names; the message gives the new names."""


class PluginError(GaussrepError):
    """Something about a plugin or one of its components is wrong."""


class UnknownNameError(PluginError):
    """No component of that kind has this name."""


class AmbiguousNameError(PluginError):
    """Two distributions register the same short name; the message gives both qualified names."""


class UnavailableError(PluginError):
    """A component exists but cannot run here; the message says what to install."""


class CapabilityError(GaussrepError):
    """A component was asked for something that it declares it cannot do."""


class FormatError(GaussrepError, ValueError):
    """A file is not what its suffix says, is truncated, or holds impossible values."""


class DataError(GaussrepError):
    """A data set is missing, empty or damaged."""


class RunError(GaussrepError):
    """A run folder is missing, incomplete or already in use."""
