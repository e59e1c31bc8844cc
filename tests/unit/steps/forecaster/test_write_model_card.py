from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from metrify.bundles.load import load_bundle
from metrify.bundles.manifest import MODEL_CARD_FILE
from metrify.bundles.signature import PUBLIC_KEY_FILE, load_public_key
from metrify.errors import BundleError
from metrify.features.cold_start import fit_cold_start_profile
from metrify.steps.fit_cold_start import read_cold_start
from metrify.steps.markdown import markdown_table
from metrify.steps.training_set import read_training_set

from .conftest import METERS, ORIGINS, World

SECTIONS = [
    *("Purpose", "Data", "Parameters", "Accuracy", "Sums over meters", "Districts"),
    *("Calibration", "New meters", "Compression", "Limits", "Code"),
]


def test_the_card_says_what_the_model_is_and_names_no_meter(world: World, register: Callable[..., Path]) -> None:
    folder = register()
    card = (folder / MODEL_CARD_FILE).read_text(encoding="utf-8")
    assert [line[3:] for line in card.splitlines() if line.startswith("## ")] == SECTIONS
    metrics = load_bundle(folder, load_public_key(world.home.keys / PUBLIC_KEY_FILE)).manifest.metrics
    rows = METERS["test"] * ORIGINS["test"]
    for said in (
        "- Dataset: made-up",
        f"- SHA-256: {'ab' * 32}",
        "- Licence: CC0",
        f"| train | {METERS['train']} | {METERS['train'] * ORIGINS['train']} | 2024-01-01 | 2024-01-04 |",
        f"| test | {METERS['test']} | {rows} |",
        "| model_type | gru |",
        f"| this model | {metrics['wape']:.4g} | {metrics['pinball']:.4g} |",
        f"| seasonal naive | {metrics['wape_seasonal_naive']:.4g} |",
        "compared with no champion",
        "The intervals are not calibrated.",
        "once it has 24 hours of readings",
        f"| 3 d, completed | {metrics['wape_cold_start_3d']:.4g} | {metrics['coverage_cold_start_3d']:.4g} |",
        f"| whole window | {metrics['wape_cold_start_whole']:.4g} |",
        "`compression.method` is none",
        "Metrify test.",
    ):
        assert said in card
    for meter in read_training_set(world.training_set).meter_ids:
        assert meter not in card


def test_the_bundle_holds_the_profile_of_the_training_rows(world: World, register: Callable[..., Path]) -> None:
    bundle = load_bundle(register(), load_public_key(world.home.keys / PUBLIC_KEY_FILE))
    assert bundle.cold_start == read_cold_start(world.cold_start)
    data = read_training_set(world.training_set)
    train = data.rows("train")
    again = fit_cold_start_profile([(data.meter_ids[train], data.batch(train))], 1)
    np.testing.assert_allclose(bundle.cold_start.relative_load, again.relative_load)


def test_districts_of_few_meters_are_left_out(register: Callable[..., Path]) -> None:
    card = (register() / MODEL_CARD_FILE).read_text(encoding="utf-8")
    assert r"| north \| east | 5 |" in card  # a name can't break the table
    assert "| no district |" not in card  # three meters
    assert "1 of 2 districts are left out" in card


def test_the_card_is_signed(world: World, register: Callable[..., Path]) -> None:
    folder = register()
    card = folder / MODEL_CARD_FILE
    card.write_text(card.read_text(encoding="utf-8").replace("not for billing", "for billing"), encoding="utf-8")
    with pytest.raises(BundleError, match="changed after it was signed"):
        load_bundle(folder, load_public_key(world.home.keys / PUBLIC_KEY_FILE))


def test_numbers_stand_at_the_right_and_bars_are_escaped() -> None:
    assert markdown_table(["a", "b"], [["x|y", 0.123456], ["z\nz", 2]]).splitlines() == [
        "| a | b |",
        "| --- | ---: |",
        r"| x\|y | 0.1235 |",
        "| z z | 2 |",
    ]
