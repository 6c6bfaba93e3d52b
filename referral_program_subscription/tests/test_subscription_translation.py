"""The Russian translation is whole: a new string without one fails here."""

from odoo.tests import TransactionCase, tagged

from odoo.addons.referral_program.tests.base.translated import Translated


@tagged("post_install", "-at_install")
class TestTranslation(Translated, TransactionCase):
    module = "referral_program_subscription"
    least = 1
