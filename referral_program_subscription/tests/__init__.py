from . import test_subscriptions
