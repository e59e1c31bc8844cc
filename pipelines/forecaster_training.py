"""Readings become a registered forecaster and the InferenceService that serves it."""

from kfp import dsl

from components.build_training_set.component import build_training_set
from components.compress_forecaster.component import compress_forecaster
from components.evaluate_forecaster.component import evaluate_forecaster
from components.fit_cold_start.component import fit_cold_start
from components.fit_drift_reference.component import fit_drift_reference
from components.gate_model.component import gate_model
from components.ingest_readings.component import ingest_readings
from components.materialise_features.component import materialise_features
from components.register_model.component import register_model
from components.render_inference_service.component import render_inference_service
from components.train_forecaster.component import train_forecaster
from components.validate_readings.component import validate_readings
from components.write_bundle.component import write_bundle
from components.write_model_card.component import write_model_card


@dsl.pipeline(name="forecaster-training", description="Readings become a registered day-ahead forecaster.")
def forecaster_training(source: str, config_yaml: str, code_version: str) -> None:
    """Trains, compresses, evaluates, gates, bundles and registers one forecaster.

    Args:
        source: Name of the dataset.
        config_yaml: Text of the configuration.
        code_version: Part of every cache key, so that a change of the code is never served stale results.
    """
    ingested = ingest_readings(source=source, code_version=code_version)
    dataset = ingested.outputs["dataset"]
    verdicts = validate_readings(config_yaml=config_yaml, dataset=dataset).outputs["verdicts"]
    materialised = materialise_features(config_yaml=config_yaml, dataset=dataset, verdicts=verdicts)
    built = build_training_set(
        config_yaml=config_yaml,
        dataset=dataset,
        verdicts=verdicts,
        materialised=materialised.outputs["materialised"],
    )
    training_set = built.outputs["training_set"]
    trained = train_forecaster(config_yaml=config_yaml, training_set=training_set)
    compressed = compress_forecaster(config_yaml=config_yaml, training_set=training_set, model=trained.outputs["model"])
    model = compressed.outputs["compressed"]
    profile = fit_cold_start(config_yaml=config_yaml, training_set=training_set).outputs["profile"]
    evaluated = evaluate_forecaster(
        config_yaml=config_yaml, dataset=dataset, training_set=training_set, model=model, cold_start=profile
    )
    evaluated.set_caching_options(False)  # the champion may be another one than last time
    evaluation, tables = evaluated.outputs["evaluation"], evaluated.outputs["tables"]
    gate = gate_model(config_yaml=config_yaml, evaluation=evaluation)
    card = write_model_card(
        config_yaml=config_yaml,
        code_version=code_version,
        dataset=dataset,
        training_set=training_set,
        evaluation=evaluation,
        tables=tables,
        compression=compressed.outputs["report"],
    ).after(gate)
    reference = fit_drift_reference(config_yaml=config_yaml, dataset=dataset, verdicts=verdicts).after(gate)
    bundle = write_bundle(
        code_version=code_version,
        description=trained.outputs["description"],
        model=model,
        evaluation=evaluation,
        reference=reference.outputs["reference"],
        thresholds=reference.outputs["thresholds"],
        model_card=card.outputs["model_card"],
        cold_start=profile,
    ).outputs["bundle"]
    registered = register_model(
        config_yaml=config_yaml, bundle=bundle, curve=trained.outputs["curve"], tables=tables
    ).outputs["registered"]
    render_inference_service(config_yaml=config_yaml, bundle=bundle, registered=registered)
