from pathlib import Path

import pytest
import yaml

from metrify.config import MetrifyConfig, default_config, load_config
from metrify.config.loader import default_config_text, parse_config
from metrify.errors import ConfigError


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as raised:
        parse_config(text, "my.yaml")
    message = str(raised.value)
    assert "\n" not in message
    assert raised.value.mend
    return message


def test_the_default_file_says_what_the_schema_says() -> None:
    assert default_config() == MetrifyConfig()


def test_the_default_file_shows_every_key() -> None:
    def keys(values: object) -> object:
        return {key: keys(value) for key, value in values.items()} if isinstance(values, dict) else None

    assert keys(yaml.safe_load(default_config_text())) == keys(MetrifyConfig().model_dump())


def test_no_path_gives_the_default() -> None:
    assert load_config(None) == default_config()


@pytest.mark.parametrize("text", ["", "# only a comment\n", "{}"])
def test_an_empty_file_gives_the_default(text: str) -> None:
    assert parse_config(text) == default_config()


def test_keys_left_out_keep_their_defaults(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text("serving:\n  port: 9000\n", encoding="utf-8")
    config = load_config(path)
    assert config.serving.port == 9000
    assert config.serving.max_batch_size == default_config().serving.max_batch_size
    assert config.training == default_config().training


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("servin: {}", "servin"),
        ("serving: {prot: 1}", "serving.prot"),
        ("training: {consumption_forecasting: {units: 3}}", "training.consumption_forecasting.units"),
    ],
)
def test_an_unknown_key_is_named(text: str, key: str) -> None:
    assert f"my.yaml: {key}: unknown key" in refusal(text)


def test_all_wrong_keys_are_named_at_once() -> None:
    message = refusal("serving: {port: 70000, prot: 1}")
    assert "serving.port:" in message
    assert "serving.prot: unknown key" in message


@pytest.mark.parametrize("name", ["serving: {port: eighty}", "serving: {port: 70000}", "serving: {port: -1}"])
def test_a_bad_value_is_named(name: str) -> None:
    assert "serving.port" in refusal(name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "absent.yaml"
    with pytest.raises(ConfigError, match=r"absent\.yaml can't be read: No such file") as raised:
        load_config(path)
    assert raised.value.mend == "Check the path."


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        load_config(tmp_path)


@pytest.mark.parametrize("text", ["serving: [", "a: b: c", "\tserving: {}"])
def test_bad_yaml_is_refused_in_one_line(text: str) -> None:
    assert refusal(text).startswith("my.yaml is not YAML")


@pytest.mark.parametrize("text", ["- serving", "just words", "3"])
def test_yaml_that_is_no_mapping_is_refused(text: str) -> None:
    assert "not a mapping of keys" in refusal(text)


@pytest.mark.parametrize("key", ["include_load_statistics", "include_grid_status"])
def test_features_that_the_network_does_not_read_can_not_be_asked_for(key: str) -> None:
    message = refusal(f"feature_engineering: {{{key}: true}}")
    assert f"feature_engineering.{key} must be false for the model_type ensemble" in message
    assert f"FeatureConfig({key}=True) computes them in a notebook" in message
    assert parse_config(f"feature_engineering: {{{key}: false}}") == default_config()
