"""Renders the InferenceService that serves a bundle."""

from pathlib import Path

import yaml

from metrify.config import Home, MetrifyConfig
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE

SALT_ANNOTATION = "metrify.io/assignment-salt"
IMAGE = "metrify-serving:0.1.0"


def render_inference_service(
    bundle: Path, output: Path, config: MetrifyConfig, home: Home | None = None
) -> dict[str, object]:
    """Writes the InferenceService YAML, Standard mode, with the bundle as its predictor and no canary.

    Args:
        bundle: Text file of `write_bundle`, which names the folder, `bundles/<name>/<version>`: the service is called
            as the bundle is.
        output: YAML file to write.
        config: The serving and rollout sections.
        home: Where the keys lie that the servers read.

    Returns:
        The manifest.
    """
    home = home or Home.from_environment()
    folder = Path(bundle.read_text(encoding="utf-8"))
    manifest: dict[str, object] = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            "name": folder.parent.name,
            "labels": {"app.kubernetes.io/part-of": "metrify"},
            "annotations": {
                "serving.kserve.io/deploymentMode": "Standard",
                SALT_ANNOTATION: config.rollout.assignment_salt,
            },
        },
        "spec": {
            "predictor": {"model": predictor_model(folder)},
            "transformer": {
                "containers": [
                    {
                        "name": "kserve-container",
                        "image": IMAGE,
                        "command": ["python", "-m", "inference_services.transformer"],
                        "args": [
                            f"--max_batch_size={config.serving.max_batch_size}",
                            f"--enable_metrics={str(config.serving.enable_metrics).lower()}",
                            f"--predictor_timeout_seconds={config.serving.predictor_timeout_seconds}",
                        ],
                        "env": [
                            {"name": "METRIFY_HOME", "value": str(home.root)},
                            {"name": "METRIFY_PSEUDONYM_KEY_FILE", "value": str(home.keys / PSEUDONYM_KEY_FILE)},
                        ],
                    }
                ]
            },
        },
    }
    output.write_text(yaml.safe_dump(manifest, sort_keys=False), encoding="utf-8")
    return manifest


def predictor_model(bundle: Path) -> dict[str, object]:
    """The `model` of a predictor that serves a bundle; a canary's needs a name on top."""
    return {
        "modelFormat": {"name": "onnx"},
        "protocolVersion": "grpc-v2",
        "runtime": "metrify-onnx",
        "storageUri": bundle.as_uri(),
    }
