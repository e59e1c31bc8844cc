"""The form of meter numbers that the stores know."""

import os
from collections.abc import Callable
from pathlib import Path

from metrify.errors import ConfigError
from metrify.privacy.pseudonyms import is_pseudonym, pseudonymise

KEY_FILE_VARIABLE = "METRIFY_PSEUDONYM_KEY_FILE"


def pseudonymiser() -> Callable[[str], str]:
    """Turns real meter numbers into pseudonyms when the server holds the key; leaves them alone otherwise.

    Raises:
        ConfigError: The key file is named but can't be read.
    """
    path = os.environ.get(KEY_FILE_VARIABLE)
    if not path:
        return lambda meter: meter
    try:
        key = bytes.fromhex(Path(path).read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"The pseudonym key {path} can't be read.", f"Mend {KEY_FILE_VARIABLE}.") from error
    return lambda meter: meter if is_pseudonym(meter) else pseudonymise(meter, key)
