"""Evaluates a controller in closed loop, beside perfect foresight, rules, model predictive control and the champion."""

import json
from pathlib import Path

from metrify.bundles.load import Bundle
from metrify.bundles.manifest import OPTIMIZER_NAME, BundleDescription
from metrify.config import Home, MetrifyConfig
from metrify.errors import GridError
from metrify.grid.controllers.controller import Controller
from metrify.grid.controllers.rules import NoControl, SelfConsumption
from metrify.grid.feeder_files import FEEDER_FILE
from metrify.grid.run_weeks import ControlledWeek, foresee_weeks, run_weeks
from metrify.grid.training_weeks import judged_weeks
from metrify.steps.bundle_description import read_description
from metrify.steps.champion import find_comparable_champion
from metrify.steps.choose_controller import chosen_controller
from metrify.steps.controller_card import write_controller_card
from metrify.steps.controller_metrics import CHAMPION, NONE, SELF_CONSUMPTION, controller_metrics
from metrify.steps.controller_page import write_controller_page
from metrify.steps.feeder_case import LEARNT, MODEL_PREDICTIVE, FeederCase, ServedController, load_case, telling


def evaluate_controller(
    feeder: Path,
    forecasts: Path,
    model: Path,
    chosen: Path,
    output: Path,
    model_card: Path,
    page: Path,
    config: MetrifyConfig,
    code_version: str,
    home: Home | None = None,
) -> dict[str, float]:
    """Runs the weeks of the evaluation, which neither forecaster nor controller nor their choice has seen.

    Each week begins with empty batteries, and is settled by AC power flow.

    Args:
        feeder: Folder of `load_feeder`.
        forecasts: File of `forecast_feeder`.
        model: ONNX file of `train_controller`.
        chosen: File of `choose_controller`.
        output: JSON file to write: the metrics.
        model_card: Markdown file to write: what the controller is, and how good.
        page: HTML file to write: the day with the highest loading, without and with control.
        config: The tariff, and the tracking address.
        code_version: Version of the code that trained it.
        home: Where the champion is found.

    Returns:
        See `controller_metrics`; with `is_learnt`, and beside a champion `is_champion`: whether it decides alike.

    Raises:
        GridError: A step has no plan, or nothing can be saved.
        TrackingError: MLflow, which knows the champion, can't be reached or refuses.
    """
    home, case = home or Home.from_environment(), load_case(feeder, forecasts, config)
    described, thresholds = read_description(chosen)
    name, stored = chosen_controller(thresholds), case.stored
    rivals: dict[str, Controller] = {
        NONE: NoControl(stored.feeder),
        SELF_CONSUMPTION: SelfConsumption(stored.feeder),
        MODEL_PREDICTIVE: case.controller(MODEL_PREDICTIVE, model),
        LEARNT: case.controller(LEARNT, model),
    }
    champion = _find_champion(described, (feeder / FEEDER_FILE).read_text(encoding="utf-8"), config, home)
    theirs = _controller_of(champion, case) if champion else None
    if champion and theirs:
        rivals[CHAMPION] = theirs
    ran, best = _run(rivals, case)
    metrics = controller_metrics(ran, best, name) | {"is_learnt": float(name == LEARNT)}
    if champion and theirs:
        metrics["is_champion"] = float(_decides_alike(name, model, champion))
    output.write_text(json.dumps(metrics, indent=2), encoding="utf-8")
    write_controller_card(model_card, described, case, metrics, name, config, code_version)
    write_controller_page(page, case, ran[NONE], ran[name], name)
    return metrics


def _run(
    rivals: dict[str, Controller], case: FeederCase
) -> tuple[dict[str, list[ControlledWeek]], list[ControlledWeek]]:
    zone, profiles = case.stored.timezone, case.stored.profiles
    weeks = judged_weeks(profiles, zone)
    ran = {
        name: run_weeks(rival, case.expectations, weeks, case.tariff, zone, telling(name))
        for name, rival in rivals.items()
    }
    return ran, foresee_weeks(case.stored.feeder, profiles, weeks, case.tariff, zone, telling("perfect foresight"))


def _find_champion(described: BundleDescription, feeder: str, config: MetrifyConfig, home: Home) -> Bundle | None:
    bundle = find_comparable_champion(OPTIMIZER_NAME, described.context, (), (), (), config, home)
    if bundle and bundle.feeder_text() != feeder:
        print(f"the champion {bundle.manifest.version} is not compared: it controls another feeder", flush=True)
        return None
    return bundle


def _controller_of(champion: Bundle, case: FeederCase) -> Controller | None:
    try:
        return case.controller(chosen_controller(champion.thresholds()), champion.model_path)
    except GridError as error:  # of another version of the code, which sees something else of a feeder
        print(f"the champion {champion.manifest.version} is not compared: {error}", flush=True)
        return None


def _decides_alike(name: ServedController, model: Path, champion: Bundle) -> bool:
    """Two that plan decide alike whatever they have learnt beside it."""
    if chosen_controller(champion.thresholds()) != name:
        return False
    return name == MODEL_PREDICTIVE or champion.model_path.read_bytes() == model.read_bytes()
