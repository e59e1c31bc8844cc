import pytest

from metrify import errors
from metrify.errors import (
    ConfigError,
    GridError,
    InsufficientHistoryError,
    InvalidRequestError,
    MetrifyError,
    PredictorUnavailableError,
    RefusedMetersError,
    UnknownMeterError,
    UsageError,
)

ALL_ERRORS = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, MetrifyError)]


def test_an_error_shows_the_problem_and_the_mend() -> None:
    error = MetrifyError("The key is lost.", "Make a new one.")
    assert str(error) == "The key is lost. Make a new one."
    assert (error.problem, error.mend) == ("The key is lost.", "Make a new one.")


def test_an_error_without_a_mend_has_no_trailing_blank() -> None:
    assert str(MetrifyError("The key is lost.")) == "The key is lost."


@pytest.mark.parametrize("error", ALL_ERRORS)
def test_only_wrong_usage_leaves_with_2(error: type[MetrifyError]) -> None:
    assert error.exit_code == (2 if issubclass(error, UsageError) else 1)


@pytest.mark.parametrize("error", ALL_ERRORS)
def test_what_the_client_did_wrong_is_a_4xx_and_all_else_a_5xx(error: type[MetrifyError]) -> None:
    family = 4 if issubclass(error, (UsageError, InvalidRequestError, GridError)) else 5
    assert error.status_code // 100 == family


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConfigError, 400),
        (InvalidRequestError, 400),
        (UnknownMeterError, 404),
        (InsufficientHistoryError, 422),
        (PredictorUnavailableError, 503),
    ],
)
def test_status_codes_of_the_serving_contract(error: type[MetrifyError], status: int) -> None:
    assert error.status_code == status


@pytest.mark.parametrize("error", [UnknownMeterError, InsufficientHistoryError])
def test_refused_meters_are_listed(error: type[RefusedMetersError]) -> None:
    refused = error("Two meters are refused.", ["m_1", "m_2"], "Leave them out.")
    assert refused.meters == ("m_1", "m_2")
    assert refused.mend == "Leave them out."
