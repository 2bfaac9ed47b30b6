import torch

from gaussrep_gaussiancross.report.similarity import (
    PICKS,
    pick_points,
    similarities,
    similarity_panel,
)


def test_similarity_is_the_cosine(look):
    found = similarities(look, 3)
    wanted = torch.nn.functional.cosine_similarity(look.features, look.features[3:4])
    torch.testing.assert_close(found, wanted)


def test_points_nearest_to_given_places_are_picked(look):
    places = [tuple((look.cloud.points[i] + 1e-4).tolist()) for i in (7, 100)]
    assert pick_points(look, places).tolist() == [7, 100]


def test_picks_are_seen_and_differ(look):
    picks = pick_points(look, [])
    assert len(set(picks.tolist())) == PICKS
    assert look.elevated.sees(look.cloud.normals[picks]).all()
    units = torch.nn.functional.normalize(look.features[picks], dim=-1)
    assert (units @ units.mT).fill_diagonal_(0).max() < 0.999


def test_the_picked_point_is_marked(look):
    pick = int(pick_points(look, [])[0])
    panel = similarity_panel(look, pick)
    x, y, _ = look.elevated.place(look.cloud.points[pick : pick + 1])[0].tolist()
    width, height = panel.picture.size
    red, green, blue = panel.picture.getpixel((int(x * width) - 8, int(y * height)))
    assert red > 150 > max(green, blue)
