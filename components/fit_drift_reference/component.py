"""Fits the drift reference and calibrates the detector."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def fit_drift_reference(
    config_yaml: str,
    dataset: dsl.Input[dsl.Dataset],
    reference: dsl.Output[dsl.Dataset],
    thresholds: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
    task: str = "load-forecast",
    verdicts: dsl.Input[dsl.Dataset] = None,  # how KFP marks an input that may lack
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.fit_drift_reference import fit_drift_reference

    counts = fit_drift_reference(
        Path(dataset.path),
        Path(verdicts.path) if verdicts else None,
        Path(reference.path),
        Path(thresholds.path),
        parse_config(config_yaml),
        task,  # type: ignore[arg-type]
    )
    for name, value in counts.items():
        metrics.log_metric(name, value)
