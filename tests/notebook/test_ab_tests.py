import pytest

from metrify import ABTestConfig, get_ab_test_manager
from metrify.config import Home
from metrify.errors import BundleError, ConfigError, ServiceError, UsageError
from metrify.experiments.assignment import CONTROL, assign
from metrify.privacy.pseudonyms import PSEUDONYM_KEY_FILE, load_or_create_key, pseudonymise
from metrify.steps.install_service import service_path
from metrify.steps.rollout import read_salt, read_split

CONFIG = ABTestConfig(name="winter", bundle_version="gru-two", percent=30)
METERS = [str(number) for number in range(1000, 1200)]


def test_a_test_splits_the_meters_as_the_service_does(home: Home) -> None:
    test = get_ab_test_manager().create_test(CONFIG)
    assert not test.is_running
    test.start_test()
    service = service_path(home)
    assert read_split(service) == {"gru-two": 30}
    variants = [test.route_request(meter) for meter in METERS]
    key = load_or_create_key(home.keys / PSEUDONYM_KEY_FILE)
    pseudonyms = [pseudonymise(meter, key) for meter in METERS]
    assert variants == assign(pseudonyms, read_salt(service), {"gru-two": 30})
    assert variants == [test.route_request(pseudonym) for pseudonym in pseudonyms]
    assert 0.15 < variants.count("gru-two") / len(METERS) < 0.45
    assert set(variants) == {CONTROL, "gru-two"}
    test.stop_test()
    assert read_split(service) == {}


def test_a_test_outlives_its_manager(home: Home) -> None:
    get_ab_test_manager().create_test(CONFIG)
    again = get_ab_test_manager().get_test("winter")
    assert again.config == CONFIG
    again.start_test()
    assert get_ab_test_manager().get_test("winter").is_running


def test_a_test_that_does_not_run_routes_nobody(home: Home) -> None:
    test = get_ab_test_manager().create_test(CONFIG)
    for ask in (lambda: test.route_request("1000"), test.stop_test):
        with pytest.raises(UsageError, match="'winter' is not running"):
            ask()
    other = get_ab_test_manager().create_test(CONFIG.model_copy(update={"name": "spring", "bundle_version": "gru-x"}))
    test.start_test()
    with pytest.raises(UsageError, match="'spring' is not running"):
        other.route_request("1000")


def test_what_can_not_be_started_says_why(home: Home) -> None:
    manager = get_ab_test_manager()
    with pytest.raises(BundleError, match="no bundle"):
        manager.create_test(ABTestConfig(name="a", bundle_version="gru-absent")).start_test()
    with pytest.raises(UsageError, match="control already"):
        manager.create_test(ABTestConfig(name="b", bundle_version="gru-one")).start_test()
    service_path(home).unlink()
    with pytest.raises(ServiceError, match="no service"):
        manager.create_test(CONFIG).start_test()


def test_names_are_unique_and_simple() -> None:
    manager = get_ab_test_manager()
    manager.create_test(CONFIG)
    with pytest.raises(UsageError, match="'winter' already"):
        manager.create_test(CONFIG)
    with pytest.raises(UsageError, match="can't name"):
        manager.create_test(ABTestConfig(name="../winter", bundle_version="gru-two"))
    with pytest.raises(UsageError, match="no test 'summer'; there is winter"):
        manager.get_test("summer")


def test_a_damaged_definition_is_named() -> None:
    manager = get_ab_test_manager()
    manager.create_test(CONFIG)
    (Home.from_environment().ab_tests / "winter.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"winter\.json is not a test"):
        manager.get_test("winter")
