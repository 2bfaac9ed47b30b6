from typing import Annotated

from gaussrep.config import ComponentConfig, component
from gaussrep.evaluation.config import EvaluationConfig
from gaussrep_looker.config import ColorsConfig


class OnColorsConfig(EvaluationConfig):
    data: Annotated[ComponentConfig, component("datasets")] = ColorsConfig(
        type="colors", held_out=5
    )
