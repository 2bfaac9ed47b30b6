"""The data parser of this distribution, found by nerfstudio through its entry point.

This module may not import nerfstudio's data managers: they import the list of data parsers, and so
this module.
"""

from nerfstudio.plugins.registry_dataparser import DataParserSpecification

from gaussrep_nerfstudio.rgbd_config import RgbdDataParserConfig

rgbd = DataParserSpecification(
    RgbdDataParserConfig(), "Posed RGB-D recordings and scenes in ScanNet's layout, with depth."
)
