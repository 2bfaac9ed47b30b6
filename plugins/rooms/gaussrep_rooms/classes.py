"""The classes of the rooms: ScanNet's twenty, with the same numbers."""

from enum import IntEnum


class Label(IntEnum):
    """A class of ScanNet's benchmark; the value is its number in `segment20.npy`."""

    WALL = 0
    FLOOR = 1
    CABINET = 2
    BED = 3
    CHAIR = 4
    SOFA = 5
    TABLE = 6
    DOOR = 7
    WINDOW = 8
    BOOKSHELF = 9
    PICTURE = 10
    COUNTER = 11
    DESK = 12
    CURTAIN = 13
    REFRIGERATOR = 14
    SHOWER_CURTAIN = 15
    TOILET = 16
    SINK = 17
    BATHTUB = 18
    OTHER = 19
