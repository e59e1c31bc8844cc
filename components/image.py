"""The image that every pipeline component runs in."""

PIPELINE_IMAGE = "metrify-pipeline:0.1.0"
