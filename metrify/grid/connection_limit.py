"""What the connection of a feeder to the grid above bears."""

import numpy as np

from metrify.grid.network import Network


def connection_limit_kva(network: Network) -> float:
    """The power at which the branches at the slack bus are loaded to 100 % at 1 per unit, all of them together."""
    at_slack = np.abs(network.admittances[0].branch_from[:, 0]) > 0
    return float(network.limit_from[at_slack].sum() * network.base_kva)
