import pytest
import torch

import gaussrep as gr
from gaussrep.errors import ValueRangeError
from gaussrep_gmae.layers import color_clusters, figure_mask
from gaussrep_gmae.layers.figure import border_fraction, cluster_colors, otsu_threshold


def is_disc(mask):
    return mask[16, 16] > 0.8 and mask[[2, 29], :].max() < 0.3 and mask[:, [2, 29]].max() < 0.3


def test_sides_of_the_depth_order(disc_on_ground):
    gaussians = disc_on_ground(-0.5, 0.5)
    near = figure_mask(gaussians, "near", 32)[0]
    assert is_disc(near)
    torch.testing.assert_close(figure_mask(gaussians, "far", 32)[0], 1 - near)


def test_hidden_gaussians_do_not_move_the_cut(disc_on_ground):
    gaussians = disc_on_ground(-0.5, 0.0)
    behind = gaussians.means + torch.tensor([0.0, 0.0, 0.95])
    crowd = gr.Gaussians.cat([gaussians, gaussians.replace(means=behind)])
    assert is_disc(figure_mask(crowd, "near", 32)[0])


@pytest.mark.parametrize(("disc", "ground"), [(-0.5, 0.5), (0.5, -0.5)])
def test_border_rule_takes_the_side_with_less_border(disc_on_ground, disc, ground):
    gaussians = disc_on_ground(disc, ground)
    mask = figure_mask(gaussians, "border", 32)[0]
    assert border_fraction(mask) < 0.5
    nearer = figure_mask(gaussians, "near" if disc < ground else "far", 32)[0]
    torch.testing.assert_close(mask, nearer)


def test_clusters_do_not_depend_on_depth(disc_on_ground):
    assert is_disc(figure_mask(disc_on_ground(-0.5, 0.5), "clusters", 32)[0])
    depths = disc_on_ground(-0.5, -0.2)
    assert is_disc(figure_mask(depths, "clusters", 32)[0])


@pytest.mark.usefixtures("unchecked")
def test_unknown_rule_is_refused(disc_on_ground):
    with pytest.raises(ValueRangeError, match="rule is 'best', expected one of clusters, border"):
        figure_mask(disc_on_ground(0.0, 0.5), "best", 32)


def test_otsu_cuts_between_the_classes():
    values = torch.tensor([[0.0, 1.0, 0.1, 0.9], [5.0, 5.0, 5.0, 9.0], [2.0, 2.0, 2.0, 2.0]])
    torch.testing.assert_close(otsu_threshold(values), torch.tensor([0.1, 5.0, 2.0]))


def test_border_share_is_the_mean_of_the_rim():
    mask = torch.zeros(3, 4)
    mask[0] = 1
    mask[1, 1:3] = 1
    assert border_fraction(mask).item() == pytest.approx(4 / 10)


def test_colors_are_grouped_by_likeness():
    generator = torch.Generator().manual_seed(0)
    truth = torch.tensor([0, 1, 2] * 10)
    centers = torch.tensor([[0.1, 0.1, 0.1], [0.9, 0.1, 0.1], [0.2, 0.2, 0.9]])
    colors = centers[truth] + 0.02 * torch.randn(30, 3, generator=generator)
    groups = cluster_colors(colors[None], 3)[0]
    assert len({(a, b) for a, b in zip(truth.tolist(), groups.tolist(), strict=True)}) == 3


def test_fewer_colors_than_groups():
    groups = cluster_colors(torch.ones(1, 7, 3), 4)
    assert len(groups.unique()) == 1


def test_cluster_weights_sum_to_alpha(disc_on_ground, make_method):
    gaussians = disc_on_ground(-0.5, 0.5)
    shares = color_clusters(gaussians, 2, 32)
    alpha = make_method().render(gaussians).alpha[:, 0]
    torch.testing.assert_close(shares.sum(1), alpha, atol=1e-4, rtol=0)
