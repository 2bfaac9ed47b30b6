from dataclasses import replace

import torch

from gaussrep_gaussiancross.report.classes import class_colors, compare_classes, match_clusters


def test_the_pair_with_most_points_in_common_goes_first():
    #        group 0 has 5 of class 0 and 4 of class 1; group 1 has 6 of class 0 and none of class 1
    groups = torch.tensor([0] * 9 + [1] * 6)
    classes = torch.tensor([0] * 5 + [1] * 4 + [0] * 6)
    assert match_clusters(groups, classes, 2).tolist() == [1, 0]


def test_points_without_a_class_do_not_count():
    groups = torch.tensor([0, 0, 0, 1])
    classes = torch.tensor([-1, -1, 1, 0])
    assert match_clusters(groups, classes, 2).tolist() == [1, 0]


def test_features_that_are_the_classes_match_wholly(scene):
    normals = scene.cloud.normals.argmax(1)
    labels = torch.tensor([4, 2, 9])[normals]
    labels[:5] = -1
    cloud = scene.cloud.replace(labels=labels)
    seen = replace(scene, cloud=cloud, features=torch.eye(3)[normals])
    found = compare_classes(seen, ())
    assert found.matched == 1.0
    assert [name for name, _ in found.legend] == ["class 2", "class 4", "class 9"]
    named = compare_classes(seen, tuple("abcdefghij"))
    assert [name for name, _ in named.legend] == ["c", "e", "j"]
    assert [color for _, color in named.legend] == [color for _, color in found.legend]


def test_colors_of_classes_differ():
    colors = class_colors(20)
    assert torch.cdist(colors, colors).fill_diagonal_(9).min() > 0.1
    assert torch.equal(class_colors(5), colors[:5])
