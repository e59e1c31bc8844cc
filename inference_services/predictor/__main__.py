"""Starts a predictor: `python -m inference_services.predictor --model_name load-forecaster --model_dir DIR ...`."""

import sys

from inference_services.entry_point import run_entry_point, server_parser
from inference_services.predictor.grid_model import GridPredictor
from inference_services.predictor.model import OnnxPredictor
from inference_services.servers import MetrifyModelServer
from metrify.bundles.load import load_bundle
from metrify.bundles.signature import load_public_key


def main() -> None:
    """Serves a bundle until SIGTERM."""
    arguments = server_parser("Serves one model bundle over KServe v2.").parse_args()
    bundle = load_bundle(arguments.model_dir, load_public_key(arguments.trusted_key))
    server = MetrifyModelServer(arguments.http_port, arguments.grpc_port)
    predictor = GridPredictor if bundle.manifest.task == "grid-optimization" else OnnxPredictor
    server.start([predictor(arguments.model_name, bundle)])


if __name__ == "__main__":
    sys.exit(run_entry_point(main))
