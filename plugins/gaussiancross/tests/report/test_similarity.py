from base64 import b64decode

import numpy as np
import torch
from torch.nn.functional import normalize

from gaussrep_gaussiancross.report.similarity import (
    COLUMNS,
    PICKS,
    ROWS,
    PickMap,
    compress_features,
    pick_points,
    similarities,
    similarity_panel,
)


def test_similarity_is_the_cosine(scene):
    found = similarities(scene, 3)
    wanted = torch.nn.functional.cosine_similarity(scene.features, scene.features[3:4])
    torch.testing.assert_close(found, wanted)


def test_points_nearest_to_given_places_are_picked(scene):
    places = [tuple((scene.cloud.points[i] + 1e-4).tolist()) for i in (7, 100)]
    assert pick_points(scene, places).tolist() == [7, 100]


def test_picks_are_seen_and_differ(scene):
    picks = pick_points(scene, [])
    assert len(set(picks.tolist())) == PICKS
    assert scene.elevated.is_visible(scene.cloud.normals[picks]).all()
    units = torch.nn.functional.normalize(scene.features[picks], dim=-1)
    assert (units @ units.mT).fill_diagonal_(0).max() < 0.999


def test_the_picked_point_is_marked(scene):
    pick = int(pick_points(scene, [])[0])
    panel = similarity_panel(scene, pick)
    x, y, _ = scene.elevated.project(scene.cloud.points[pick : pick + 1])[0].tolist()
    width, height = panel.image.size
    red, green, blue = panel.image.getpixel((int(x * width) - 8, int(y * height)))
    assert red > 150 > max(green, blue)


def decoded(text, kind):
    return torch.from_numpy(np.frombuffer(b64decode(text), kind).astype(np.int64))


def test_cosines_survive_shortening():
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(300, 8, generator=generator) @ torch.randn(8, 96, generator=generator)
    short = normalize(compress_features(rows, 16).float(), dim=-1)
    long = normalize(rows, dim=-1)
    assert (short @ short.mT - long @ long.mT).abs().max() < 0.03
    assert compress_features(rows, 16).shape == (300, 16)
    assert compress_features(rows[:, :4], 16).shape == (300, 4)


def test_page_data_hold_what_is_seen(scene):
    picks = PickMap.of(scene, 11)
    data = picks.data()
    count = len(picks.features)
    assert len(decoded(data["features"], "<i1")) == count * data["channels"]
    assert count <= 2 * COLUMNS * ROWS + 1
    for i in range(2):
        places = decoded(data["places"][i], "<u2").view(count, 2)
        assert torch.equal(places, picks.places[i])
        order = decoded(data["orders"][i], "<u2")
        assert len(order.unique()) == len(order) <= count
        assert int(order.max()) < count
    wanted = scene.above.project(scene.cloud.points[11:12])[0, :2]
    found = picks.places[0, picks.first] / 65535
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=0)


def test_every_cell_that_has_points_shows_one(scene):
    picks = PickMap.of(scene, 0)
    seen = scene.above.is_visible(scene.cloud.normals)
    x, y, _ = scene.above.project(scene.cloud.points[seen]).unbind(1)
    order = picks.orders[0]
    shown = cells_of(*(picks.places[0][order] / 65535).unbind(1))
    assert set(cells_of(x, y).tolist()) <= set(shown.tolist())
    assert len(order) < int(seen.sum())


def cells_of(x, y):
    return (y * ROWS).long() * COLUMNS + (x * COLUMNS).long()
