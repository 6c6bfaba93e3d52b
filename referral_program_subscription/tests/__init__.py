from . import test_subscription_translation, test_subscriptions
