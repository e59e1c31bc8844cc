"""Readings become a registered detector of anomalies and the InferenceService that serves it."""

from kfp import dsl

from components.evaluate_detector.component import evaluate_detector
from components.fit_drift_reference.component import fit_drift_reference
from components.gate_model.component import gate_model
from components.ingest_readings.component import ingest_readings
from components.materialise_features.component import materialise_features
from components.register_model.component import register_model
from components.render_inference_service.component import render_inference_service
from components.train_detector.component import train_detector
from components.validate_readings.component import validate_readings
from components.write_bundle.component import write_bundle


@dsl.pipeline(name="anomaly-training", description="Readings become a registered detector of anomalous meter-days.")
def anomaly_training(source: str, config_yaml: str, code_version: str) -> None:
    """Trains, evaluates, gates, bundles and registers one detector.

    Args:
        source: Name of the dataset.
        config_yaml: Text of the configuration.
        code_version: Part of every cache key, so that a change of the code is never served stale results.
    """
    ingested = ingest_readings(source=source, code_version=code_version)
    dataset = ingested.outputs["dataset"]
    verdicts = validate_readings(config_yaml=config_yaml, dataset=dataset).outputs["verdicts"]
    materialise_features(config_yaml=config_yaml, dataset=dataset, verdicts=verdicts)
    trained = train_detector(config_yaml=config_yaml, dataset=dataset, verdicts=verdicts)
    model, description = trained.outputs["model"], trained.outputs["description"]
    evaluated = evaluate_detector(
        config_yaml=config_yaml,
        code_version=code_version,
        dataset=dataset,
        verdicts=verdicts,
        model=model,
        description=description,
    )
    evaluated.set_caching_options(False)  # the champion may be another one than last time
    gate = gate_model(config_yaml=config_yaml, evaluation=evaluated.outputs["evaluation"], task="anomaly-detection")
    reference = fit_drift_reference(
        config_yaml=config_yaml, dataset=dataset, verdicts=verdicts, task="anomaly-detection"
    ).after(gate)
    bundle = write_bundle(
        code_version=code_version,
        description=description,
        model=model,
        evaluation=evaluated.outputs["evaluation"],
        reference=reference.outputs["reference"],
        thresholds=reference.outputs["thresholds"],
        model_card=evaluated.outputs["model_card"],
    ).outputs["bundle"]
    registered = register_model(config_yaml=config_yaml, bundle=bundle, curve=trained.outputs["curve"]).outputs[
        "registered"
    ]
    render_inference_service(config_yaml=config_yaml, bundle=bundle, registered=registered)
