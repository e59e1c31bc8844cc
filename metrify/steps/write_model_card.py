"""Writes the model card: what a model is for, what it was made of, how good it is and what it is not for.

The sections follow Mitchell et al. 2019, doi 10.1145/3287560.3287596.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from metrify.bundles.manifest import FORECASTER_NAME
from metrify.config import MetrifyConfig
from metrify.readings.dataset import DatasetInfo, read_info
from metrify.readings.splits import SIDES
from metrify.steps.compression_report import read_compression, render_compression
from metrify.steps.markdown import bullet_list, markdown_table
from metrify.steps.model_card_accuracy import (
    accuracy_section,
    calibration_section,
    district_section,
    new_meters_section,
)
from metrify.steps.model_card_levels import levels_section
from metrify.steps.training_set import TrainingSet, read_training_set


def write_model_card(
    dataset: Path,
    training_set: Path,
    evaluation: Path,
    tables: Path,
    compression: Path,
    output: Path,
    config: MetrifyConfig,
    code_version: str,
) -> str:
    """Writes and returns the card. It names no meter, and no district of so few that its figures tell of one of them.

    Args:
        dataset: Dataset folder.
        training_set: Folder of `build_training_set`.
        evaluation: JSON file of `evaluate_forecaster`.
        tables: Parquet file of `evaluate_forecaster`.
        compression: JSON file of `compress_forecaster`.
        output: Markdown file to write.
        config: What the model was trained with.
        code_version: Version of the code that trained it.
    """
    data, info = read_training_set(training_set), read_info(dataset)
    metrics = json.loads(evaluation.read_text(encoding="utf-8"))
    sections = {
        "Purpose": _purpose(data, config),
        "Data": _data(data, info),
        "Parameters": _parameters(config),
        "Accuracy": accuracy_section(metrics),
        "Sums over meters": levels_section(metrics),
        "Districts": district_section(pd.read_parquet(tables)),
        "Calibration": calibration_section(metrics, config.training.consumption_forecasting.quantiles),
        "New meters": new_meters_section(metrics, config.cold_start.min_days),
        "Compression": render_compression(read_compression(compression)).rstrip(),
        "Limits": _limits(data, info),
        "Code": f"Metrify {code_version}.",
    }
    title = f"# Model card: {FORECASTER_NAME}, {config.training.consumption_forecasting.model_type}"
    card = "\n\n".join([title, *(f"## {name}\n\n{text}" for name, text in sections.items())]) + "\n"
    output.write_text(card, encoding="utf-8")
    return card


def _purpose(data: TrainingSet, config: MetrifyConfig) -> str:
    levels = ", ".join(f"{level:g}" for level in config.training.consumption_forecasting.quantiles)
    context = data.context
    return (
        f"Forecasts the load of a smart meter from a midnight on, {context.forecast_horizon} intervals of "
        f"{context.resolution_minutes} minutes ahead, in kWh per interval, as the quantiles {levels}. It reads the "
        f"last {context.sequence_length} intervals of the same meter{_weather_read(data)}{_static_read(data)}. It is "
        "made for planning the load of feeders and districts, not for billing and not for judging single households."
    )


def _weather_read(data: TrainingSet) -> str:
    if not data.weather_columns:
        return ""
    names = " and ".join(data.weather_columns)
    return f", and {names} of the meter's weather station: observed in these intervals, and forecast for those ahead"


def _static_read(data: TrainingSet) -> str:
    return f", and {' and '.join(data.static)} of the meter" if data.static else ""


def _classes(data: TrainingSet) -> str:
    """How much the training rows say of each static column; its values may name people's circumstances, so none."""
    if not data.static:
        return ""
    _, first = np.unique(data.meter_ids[data.rows("train")].astype(str), return_index=True)
    rows = data.rows("train")[first]
    known = {column: values[rows][values[rows] != ""].astype(str) for column, values in data.static.items()}
    listed = [[column, len(np.unique(found)), f"{len(found) / len(rows):.1%}"] for column, found in known.items()]
    table = markdown_table(["of the meter", "values in training", "known of training meters"], listed)
    return f"\n\n{table}"


def _data(data: TrainingSet, info: DatasetInfo) -> str:
    source = {
        "Dataset": data.dataset_name,
        "SHA-256": data.dataset_fingerprint,
        "Licence": info.licence,
        "Citation": info.citation,
    }
    sides = []
    for side in SIDES:
        rows = data.rows(side)
        first, last = (str(np.datetime_as_string(at(data.origins[rows]), unit="D")) for at in (np.min, np.max))
        sides.append([side, len(np.unique(data.meter_ids[rows].astype(str))), len(rows), first, last])
    return (
        f"{bullet_list(source)}\n\n{markdown_table(['side', 'meters', 'rows', 'first origin', 'last origin'], sides)}"
        f"\n\nThe sides share neither meters nor times. Dates are in UTC.{_classes(data)}"
    )


def _parameters(config: MetrifyConfig) -> str:
    chosen = {
        **config.training.consumption_forecasting.model_dump(mode="json"),
        **config.feature_engineering.model_dump(mode="json"),
    }
    return markdown_table(["parameter", "value"], [[name, value] for name, value in chosen.items()])


def _limits(data: TrainingSet, info: DatasetInfo) -> str:
    context, rows = data.context, data.rows("train")
    last = np.datetime_as_string(data.origins[rows].max(), unit="D")
    limits = [
        f"It knows loads like those of {data.dataset_name} in {context.country}, until {last}. Other countries, "
        "tariffs and kinds of connection were not tested.",
        f"It reads {context.sequence_length} intervals of {context.resolution_minutes} minutes, and "
        f"forecasts from midnight in {info.timezone}. It was trained and judged on windows without gaps. Others are "
        "filled, and the forecasts are marked as degraded. Of meters that began later, see New meters.",
        "Its intervals cover as often as their levels say on average over meters like those of the validation rows, "
        "not for each meter or each day.",
        "It was not trained to foresee what its history does not show: outages, new equipment, changes of tenants.",
    ]
    if data.weather is None:
        limits.append("It reads no weather, so it follows a cold spell or a heat wave a day late.")
    else:
        lacking = np.isnat(data.weather.issued_at[rows]).any(axis=1).mean()
        limits.append(
            "It reads weather forecasts as they were issued by the origin. What is missing counts as the mean of the "
            f"same clock time; {lacking:.1%} of its training rows lack some."
        )
    if data.static:
        limits.append(
            f"Of {' and '.join(data.static)} it knows the values of its training meters. A meter of another one is "
            "forecast as if nothing were known."
        )
    if data.non_negative:
        limits.append("No load of its meters was negative: it never forecasts that a meter feeds in.")
    return bullet_list(limits)
