"""The program: terms with tiers, setting up, scheduled actions, first steps, figures.

Calls every other room by name of its models; none imports it but for constants.
"""

from . import (
    referral_program,
    referral_program_ledger,
    referral_program_setup,
    referral_program_steps,
    referral_program_steps_places,
    referral_program_terms,
    referral_program_tier,
    referral_program_days,
    referral_program_colleagues,
    referral_program_four_eyes,
    referral_program_cron,
    referral_program_figures,
    referral_program_dashboard,
    referral_program_cost,
    referral_event,
    referral_event_states,
    referral_mail_mixin,
    referral_event_delivery,
    referral_program_events,
    referral_program_health,
)
