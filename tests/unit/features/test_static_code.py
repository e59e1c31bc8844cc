"""What is known of meters beside their readings, as numbers."""

import numpy as np
import pytest

from metrify.config.schema import FeatureEngineeringConfig
from metrify.errors import BundleError, ConfigError
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.model_features import model_features, static_columns_of, uncomputable
from metrify.features.specification import compute_features, features_from_labels, select_features, static_feature
from metrify.features.text_code import code_texts

CONTEXT = FeatureContext(24, 24, 60, "Europe/Berlin", "DE")
TARIFFS = np.array(["Std", "", "ToU"], object)


def batch_of(static: dict[str, np.ndarray]) -> FeatureBatch:
    return FeatureBatch(np.zeros((3, 24), np.float32), np.zeros(3, "datetime64[s]"), CONTEXT, static=static)


def test_a_value_has_its_code_and_nothing_is_known_by_zero() -> None:
    computed = compute_features([static_feature("tariff")], batch_of({"tariff": TARIFFS}))
    assert computed["static_tariff"].dtype == np.float32
    assert computed["static_tariff"].tolist() == [*code_texts(["Std"]), 0, *code_texts(["ToU"])]
    assert static_feature("tariff").function(batch_of({"tariff": TARIFFS}).take([2])) == code_texts(["ToU"])


def test_rows_that_do_not_tell_it_have_no_code() -> None:
    with pytest.raises(ConfigError, match="static_dwelling needs dwelling of the meters"):
        compute_features([static_feature("dwelling")], batch_of({"tariff": TARIFFS}))
    with pytest.raises(ConfigError, match=r"values of tariff have shape \[2\] where \[3\]"):
        batch_of({"tariff": TARIFFS[:2]})


def test_the_label_of_any_column_leads_back_to_its_feature() -> None:
    chosen = select_features(True, include_meter=True, static_columns=("tariff", "Acorn_group"))
    labels = [feature.label for feature in chosen]
    assert labels[-3:] == ["meter_code@1", "static_tariff@1", "static_Acorn_group@1"]
    assert features_from_labels(labels) == chosen
    assert static_columns_of(chosen) == ("tariff", "Acorn_group")


@pytest.mark.parametrize("label", ["static_tariff@2", "static_tariff", "tariff@1", "unstatic_tariff@1"])
def test_no_other_label_is_one_of_a_static_column(label: str) -> None:
    with pytest.raises(BundleError, match=f"feature.s. {label};"):
        features_from_labels([label])


def test_a_model_reads_the_columns_that_its_configuration_names() -> None:
    config = FeatureEngineeringConfig(static_columns=("tariff",))
    assert model_features(config, (), ("dwelling", "tariff"))[-1] == static_feature("tariff")
    with pytest.raises(ConfigError, match="names tariff, and the training set lacks it"):
        model_features(config, (), ("dwelling",))


def test_it_is_computed_where_its_column_is_at_hand() -> None:
    features = select_features(False, static_columns=("tariff", "dwelling"))
    assert uncomputable(features, (), ("tariff",)) == (static_feature("dwelling"),)
    assert uncomputable(features, (), ("dwelling", "tariff")) == ()
