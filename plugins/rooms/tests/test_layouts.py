from collections import Counter

import numpy as np
import pytest

from gaussrep.data.scenes.scannet.classes import CLASSES20
from gaussrep_rooms.classes import Label
from gaussrep_rooms.furniture.storage import larder, refrigerator
from gaussrep_rooms.layouts import LAYOUTS, draw_layout
from gaussrep_rooms.materials import draw_style


def test_the_classes_are_scannets():
    assert [label.name for label in Label] == [
        {"otherfurniture": "OTHER"}.get(name, name.replace(" ", "_").upper()) for name in CLASSES20
    ]


def test_25_rooms_hold_every_class_and_most_rooms_many():
    rooms = [draw_layout(np.random.default_rng(seed), seed) for seed in range(25)]
    held = [{obj.label for obj in plan.objects} for plan in rooms]
    counts = Counter(label for labels in held for label in labels)
    assert set(counts) == set(Label)
    assert min(counts.values()) >= 3
    assert counts[Label.DOOR] >= 24
    assert np.median([len(labels) for labels in held]) >= 9


def test_the_floor_before_a_door_is_free():
    for seed in range(10):
        plan = draw_layout(np.random.default_rng(seed), seed)
        door = next((obj for obj in plan.objects if obj.label == Label.DOOR), None)
        if door is None:
            continue
        leaf = door.primitives[0]
        before = leaf.center - leaf.axes[1] * 0.45  # its back, +y, is at the wall
        for obj in plan.objects:
            for primitive in obj.primitives if obj.label > Label.FLOOR else ():
                away = np.abs(primitive.center - before) - primitive.reach
                blocked = (away[:2] < 0.25).all() and primitive.center[2] - primitive.reach[2] < 1.8
                assert not blocked or obj is door, (seed, obj.label)


def test_a_refrigerator_and_a_larder_differ_in_their_looks_only():
    for seed in range(5):
        style = draw_style(np.random.default_rng(seed))
        groups = []
        for draw in (refrigerator, larder):
            rng = np.random.default_rng(100 + seed)
            groups.append([draw(style, rng) for _ in range(30)])
        cold, wooden = ([g.width * g.depth * g.height for g in group] for group in groups)
        assert np.mean(cold) == pytest.approx(np.mean(wooden), rel=0.1)
        for one, other in zip(*groups, strict=True):
            assert [p.kind for p in one.objects[0].primitives] == [
                p.kind for p in other.objects[0].primitives
            ]
            assert one.objects[0].primitives[0].material != other.objects[0].primitives[0].material


def test_all_kinds_of_rooms_come_in_both_splits():
    even, odd = ({number % len(LAYOUTS) for number in range(k, 10, 2)} for k in (0, 1))
    assert even == odd == set(range(len(LAYOUTS)))
