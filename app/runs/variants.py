"""The trainings of a run: itself, or its variants, which differ in hyperparameters."""

from app.ml.specs import varied
from app.ml.training_spec import TrainingSpec
from app.runs.store import Run


def specs_of(run: Run) -> list[TrainingSpec]:
    """One for each variant; one alone for a run without any."""
    spec = TrainingSpec(**run.spec)
    return [varied(spec, each["hyperparameters"]) for each in run.variants or []] or [spec]
