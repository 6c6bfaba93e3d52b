"""Odoo's own models beside the ledger, and the mixins of the program's models.

Calls the other rooms to mark what changed; is called by none but the mixins' heirs.
"""

from . import referral_log_mixin, referral_immutable_mixin  # in this order
from . import referral_history_mixin, referral_secret_mixin
from . import referral_sight_mixin, referral_shared_mixin  # in this order

from . import (
    base,
    ir_actions_report,
    ir_attachment,
    ir_default,
    ir_filters,
    ir_http,
    ir_model_data,
    ir_module_module,
    ir_sequence,
    mail_activity,
    mail_message,
    mail_notification,
    mail_render_mixin,
    mail_template,
    mail_thread,
    mail_tracking_value,
    product_category,
    product_template,
    res_config_settings,
    res_partner,
    res_partner_bank,
    res_users,
)
