from . import test_contracts
