"""A feeder becomes a registered controller of it and the InferenceService that serves it."""

from kfp import dsl

from components.choose_controller.component import choose_controller
from components.evaluate_controller.component import evaluate_controller
from components.fit_drift_reference.component import fit_drift_reference
from components.forecast_feeder.component import forecast_feeder
from components.gate_model.component import gate_model
from components.load_feeder.component import load_feeder
from components.register_model.component import register_model
from components.render_inference_service.component import render_inference_service
from components.train_controller.component import train_controller
from components.write_bundle.component import write_bundle


@dsl.pipeline(name="grid-training", description="A feeder becomes a registered controller of it.")
def grid_training(source: str, config_yaml: str, code_version: str) -> None:
    """Trains, chooses, evaluates, gates, bundles and registers one controller.

    Args:
        source: Name of the feeder.
        config_yaml: Text of the configuration.
        code_version: Part of every cache key, so that a change of the code is never served stale results.
    """
    feeder = load_feeder(source=source, code_version=code_version).outputs["feeder"]
    forecasts = forecast_feeder(config_yaml=config_yaml, feeder=feeder).outputs["forecasts"]
    trained = train_controller(config_yaml=config_yaml, feeder=feeder, forecasts=forecasts)
    model = trained.outputs["model"]
    chosen = choose_controller(
        config_yaml=config_yaml,
        feeder=feeder,
        forecasts=forecasts,
        model=model,
        description=trained.outputs["description"],
    ).outputs["chosen"]
    evaluated = evaluate_controller(
        config_yaml=config_yaml,
        code_version=code_version,
        feeder=feeder,
        forecasts=forecasts,
        model=model,
        description=chosen,
    )
    evaluated.set_caching_options(False)  # the champion may be another one than last time
    gate = gate_model(config_yaml=config_yaml, evaluation=evaluated.outputs["evaluation"], task="grid-optimization")
    reference = fit_drift_reference(config_yaml=config_yaml, dataset=feeder, task="grid-optimization").after(gate)
    bundle = write_bundle(
        code_version=code_version,
        description=chosen,
        model=model,
        evaluation=evaluated.outputs["evaluation"],
        reference=reference.outputs["reference"],
        thresholds=reference.outputs["thresholds"],
        model_card=evaluated.outputs["model_card"],
        feeder=feeder,
    ).outputs["bundle"]
    registered = register_model(config_yaml=config_yaml, bundle=bundle, curve=trained.outputs["curve"]).outputs[
        "registered"
    ]
    render_inference_service(config_yaml=config_yaml, bundle=bundle, registered=registered)
