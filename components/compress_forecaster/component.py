"""Prunes or quantises the exported model within its accuracy budget."""

from kfp import dsl

from components.image import PIPELINE_IMAGE


@dsl.component(base_image=PIPELINE_IMAGE, install_kfp_package=False)
def compress_forecaster(
    config_yaml: str,
    training_set: dsl.Input[dsl.Dataset],
    model: dsl.Input[dsl.Model],
    compressed: dsl.Output[dsl.Model],
    report: dsl.Output[dsl.Artifact],
    table: dsl.Output[dsl.Markdown],
    metrics: dsl.Output[dsl.Metrics],
) -> None:
    from pathlib import Path

    from metrify.config.loader import parse_config
    from metrify.steps.compress_forecaster import compress_forecaster

    outputs = (Path(compressed.path), Path(report.path), Path(table.path))
    figures = compress_forecaster(Path(training_set.path), Path(model.path), *outputs, parse_config(config_yaml))
    for name, value in figures.items():
        metrics.log_metric(name, value)
