"""Thousands of withdrawals billed in one go."""

from .measure import measured
from .seed import MONTH

ACCOUNT = "4070281010000000{:04d}"


def prepare(env):
    """Accrue the month, and have each participant ask for a part of the balance."""
    env["referral.program"].search([])._accrue(MONTH)
    return request(env)


def request(env):
    """Have each participant ask for a part of the balance."""
    program = env["referral.program"].search([])
    program.write({"withdrawal_policy": "automatic", "min_withdrawal": 0})
    participants = program.participant_ids
    for participant in participants:
        participant._accept(participant._agreements_to_accept())
    accounts = env["res.partner.bank"].create(
        [
            {
                "acc_number": ACCOUNT.format(number),
                "partner_id": participant.partner_id.id,
                "allow_out_payment": True,
            }
            for number, participant in enumerate(participants)
        ]
    )
    withdrawals = env["referral.withdrawal"].create(
        [
            {
                "participant_id": participant.id,
                "amount": 1,
                "bank_account_id": account.id,
            }
            for participant, account in zip(participants, accounts, strict=True)
        ]
    )
    env.cr.commit()
    return len(withdrawals)


def bill(env):
    """Bill all of them as the scheduled action does, committing each batch."""
    cron = env.ref("referral_program.ir_cron_bill")
    progress = env["ir.cron.progress"].create({"cron_id": cron.id})
    env.cr.commit()
    withdrawals = env["referral.withdrawal"].with_context(
        cron_id=cron.id, ir_cron_progress_id=progress.id
    )
    with measured(env.cr) as result:
        withdrawals._cron_bill()
        env.cr.commit()
    waiting = withdrawals.search_count([("state", "!=", "billed")])
    if waiting:
        raise AssertionError(f"{waiting} withdrawals are not billed")
    return result
