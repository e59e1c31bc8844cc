"""What the repository declares: descriptions, ages, services, and a calendar that is the one of training."""

import numpy as np
import pandas as pd
import pytest

from feature_repo.calendar_rows import CALENDAR_COLUMNS, calendar_rows
from metrify.adapters.feature_repository import REPO_FOLDER, open_store
from metrify.features.batch import FeatureBatch, FeatureContext
from metrify.features.calendar import horizon_calendar

from .conftest import Store

BERLIN, LONDON, NOWHERE = ("Europe/Berlin", "DE"), ("Europe/London", "GB"), ("hello world", "hello world")
HOURS = pd.date_range("2024-03-30", periods=72, freq="h", tz="UTC")  # Easter, and the clocks change


def request(place: tuple[str, str], hours: pd.DatetimeIndex = HOURS) -> pd.DataFrame:
    origins = hours.tz_localize(None).to_numpy("datetime64[s]").view("int64")
    return pd.DataFrame({"origin": origins, "timezone": place[0], "country": place[1]})


def of_training(place: tuple[str, str]) -> np.ndarray:
    context = FeatureContext(0, len(HOURS), 60, *place)
    return horizon_calendar(FeatureBatch(np.empty((1, 0), np.float32), HOURS[:1].tz_localize(None).values, context))[0]


@pytest.mark.parametrize("place", [BERLIN, LONDON])
def test_the_calendar_is_the_one_of_training(place: tuple[str, str]) -> None:
    rows = calendar_rows(request(place))
    assert rows.columns.tolist() == CALENDAR_COLUMNS
    assert (rows.dtypes == np.float32).all()
    np.testing.assert_array_equal(rows.to_numpy(), of_training(place))


def test_rows_of_several_places_keep_their_order_and_an_unknown_place_has_no_value() -> None:
    mixed = pd.concat([request(BERLIN), request(NOWHERE), request(LONDON)]).sample(frac=1, random_state=0)
    rows = calendar_rows(mixed)
    for place in (BERLIN, LONDON):
        ours = mixed["timezone"] == place[0]
        expected = of_training(place)[(mixed["origin"][ours] - mixed["origin"].min()).to_numpy() // 3600]
        np.testing.assert_array_equal(rows[ours.to_numpy()].to_numpy(), expected)
    assert rows[(mixed["timezone"] == NOWHERE[0]).to_numpy()].isna().all().all()


def test_the_forecasters_service_gives_window_and_calendar(store: Store) -> None:
    opened = open_store(store.home)
    row = {"meter_id": "m_a"} | request(BERLIN).iloc[30].to_dict()
    answer = opened.get_online_features(opened.get_feature_service("load_forecaster"), [row]).to_dict()
    np.testing.assert_array_equal(answer["load_window"][0], store.window("m_a", store.online_until))
    assert [answer[name][0] for name in CALENDAR_COLUMNS] == pytest.approx(of_training(BERLIN)[30].tolist())


def test_everything_has_an_owner_a_description_and_an_age(store: Store) -> None:
    opened = open_store(store.home)
    views, on_demand = opened.list_feature_views(), opened.list_on_demand_feature_views()
    of_weather = {"weather_observed", "weather_forecast", "meter_station", "station_weather"}
    assert {view.name for view in views} == {"meter_load", "meter_static", "grid_status", *of_weather}
    assert [view.name for view in on_demand] == ["calendar"]
    assert all(view.ttl.total_seconds() > 0 for view in views)
    entities = [entity for entity in opened.list_entities() if entity.name != "__dummy"]
    assert {entity.name for entity in entities} == {"meter", "feeder", "weather_station"}
    for item in [*views, *on_demand, *entities, *opened.list_feature_services()]:
        assert item.owner and item.description, item.name
    for view in [*views, *on_demand]:
        assert view.tags["version"]
    forecast = {field.name: str(field.dtype) for field in opened.get_feature_view("weather_forecast").schema}
    assert (forecast["issued_at"], forecast["temperature_c"]) == ("Int64", "Array(Float32)")


def test_feast_imports_definitions_alone() -> None:
    ignored = set((REPO_FOLDER / ".feastignore").read_text().split())
    assert {path.name for path in REPO_FOLDER.glob("*.py")} - ignored == {"definitions.py"}
