# What type checkers see of the names that `__init__.py` resolves on first use.
from metrify.notebook.ab_tests import ABTestConfig as ABTestConfig
from metrify.notebook.ab_tests import get_ab_test_manager as get_ab_test_manager
from metrify.notebook.feature_store import FeatureStore as FeatureStore
from metrify.notebook.feature_store import FeatureStoreConfig as FeatureStoreConfig
from metrify.notebook.features import FeatureConfig as FeatureConfig
from metrify.notebook.features import FeatureEngineeringPipeline as FeatureEngineeringPipeline
from metrify.notebook.forecasting import ConsumptionForecastingModel as ConsumptionForecastingModel
from metrify.notebook.forecasting import ConsumptionModelConfig as ConsumptionModelConfig
from metrify.notebook.serving import ModelServer as ModelServer
from metrify.notebook.serving import ServerConfig as ServerConfig
from metrify.notebook.tracking import get_mlflow_manager as get_mlflow_manager

__version__: str
