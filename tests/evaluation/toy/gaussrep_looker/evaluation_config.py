from typing import Annotated

from gaussrep.config import ComponentConfig, component
from gaussrep.evaluation.config import EvaluationConfig
from gaussrep_looker.config import ColoursConfig


class OnColoursConfig(EvaluationConfig):
    data: Annotated[ComponentConfig, component("datasets")] = ColoursConfig(
        type="colours", held_out=5
    )
