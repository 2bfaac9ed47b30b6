"""The strategy that settings describe."""

from gaussrep.fitting.clone_split import CloneSplit
from gaussrep.fitting.mcmc import Mcmc
from gaussrep.fitting.strategy import Strategy
from gaussrep.fitting.strategy_config import CloneSplitConfig, McmcConfig


def make_strategy(config: CloneSplitConfig | McmcConfig, *, steps: int, extent: float) -> Strategy:
    """Make a strategy.

    Args:
        config: Its settings.
        steps: How many the whole fit makes.
        extent: The scene's, in scene units.
    """
    match config:
        case McmcConfig():
            return Mcmc(config, steps=steps, extent=extent)
        case CloneSplitConfig():
            return CloneSplit(config, steps=steps, extent=extent)
