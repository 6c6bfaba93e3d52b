"""Withdrawals, redemptions and bills at the same moment: scenarios of money."""

import signal
import sys
from functools import partial

from workers import MONTHS, act, at_once, end_of, expect, fork, in_transaction, richest

from odoo import Command
from odoo.exceptions import UserError


def make_money(env):
    """Accrue both months: 180 on each of 5 balances; allow small withdrawals."""
    program = env["referral.program"].search([])
    program.write({"min_withdrawal": 1, "withdrawal_policy": "automatic"})
    for month in MONTHS:
        program._accrue(f"{month}-01")
    for number, participant in enumerate(program.participant_ids):
        participant._accept(participant._agreements_to_accept())
        env["res.partner.bank"].create(
            {
                "acc_number": f"4070281093800000000{number}",
                "partner_id": participant.partner_id.id,
                "allow_out_payment": True,
            }
        )
    payer = program.participant_ids[-1].partner_id
    env["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": payer.id,
            "invoice_date": "2026-03-01",
            "invoice_line_ids": [
                Command.create(
                    {"name": "VPS", "price_unit": 1000, "tax_ids": [Command.clear()]}
                )
            ],
        }
    ).action_post()


def withdraw(env, number):
    """Ask for two thirds of one and the same balance: the second is too much."""
    participant = richest(env)
    account = participant.partner_id.bank_ids
    try:
        env["referral.withdrawal"]._request(participant, 120, account)
    except UserError:
        env.cr.rollback()


def spend(env, number):
    """Ask for, or pay an invoice with, a fifth of one and the same balance."""
    participant = richest(env)
    account = participant.partner_id.bank_ids
    invoice = env["account.move"].search(
        [
            ("partner_id", "=", participant.partner_id.id),
            ("move_type", "=", "out_invoice"),
        ]
    )
    try:
        if number % 2:
            env["referral.withdrawal"]._request(participant, 36, account)
        else:
            env["referral.redemption"]._redeem(participant, invoice, 36)
    except UserError:
        env.cr.rollback()


def withdraw_by_key(env, number):
    """Send API calls with one and the same key, for two participants in turn."""
    participant = env["referral.participant"].search([], order="id")[number % 2]
    panel = env["res.users"].search([("login", "=", "panel")])
    try:
        env["referral.api"].with_user(panel).withdraw(
            "order-1",
            participant.partner_id.id,
            "36.00",
            participant.currency_id.name,
            participant.partner_id.bank_ids.id,
        )
    except UserError:
        env.cr.rollback()


def look_at_calls(env):
    return {
        "calls": env["referral.api.call"].search_count([]),
        "withdrawals": env["referral.withdrawal"].search_count([]),
    }


def money_out(registry, count, function):
    in_transaction(registry, make_money)
    at_once(registry, count, function)


def look_at_money(env):
    participant = richest(env)
    return {
        "available": participant._availables()[participant],
        "balance": participant._balance(),
        "redemptions": len(participant.redemption_ids),
        "withdrawals": len(participant.withdrawal_ids),
    }


def make_two_bills(env):
    """Two bills by hand of 120 each on the account that holds a balance of 180."""
    participant = richest(env)
    liability = participant.program_id.liability_account_id
    for number in range(2):
        env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": participant.partner_id.id,
                "invoice_date": "2026-03-01",
                "ref": f"By hand {number}",
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "By hand",
                            "account_id": liability.id,
                            "price_unit": 120,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
            }
        )


def post_bill(env, number):
    bill = env["account.move"].search([("ref", "=", f"By hand {number}")])
    try:
        bill.action_post()
    except UserError:
        env.cr.rollback()


def bills_by_hand(registry):
    in_transaction(registry, make_money)
    in_transaction(registry, make_two_bills)
    at_once(registry, 2, post_bill)


def look_at_bills_by_hand(env):
    bills = env["account.move"].search([("ref", "=like", "By hand %")])
    return {
        "balance": richest(env)._balance(),
        "states": sorted(bills.mapped("state")),
    }


def bill(registry):
    """Kill a worker in the middle of making bills, then run two at once."""
    in_transaction(registry, make_money)
    in_transaction(registry, ask_for_each)
    expect(end_of(fork(make_bills, registry, 2)), -signal.SIGKILL)
    for pid in [fork(make_bills, registry) for _number in range(2)]:
        # one of them finds that the other was faster, and leaves the rest to a next run
        expect(end_of(pid), 0)
    expect(end_of(fork(make_bills, registry)), 0)


def ask_for_each(env):
    for participant in env["referral.program"].search([]).participant_ids:
        env["referral.withdrawal"]._request(
            participant, 120, participant.partner_id.bank_ids
        )


def make_bills(registry, die_after=None):
    module = "odoo.addons.referral_program.models.balance.referral_withdrawal_bill"
    sys.modules[module].BILL_BATCH_SIZE = 2
    act(registry, "ir_cron_bill", "referral.withdrawal", "_cron_bill", die_after)


def look_at_bills(env):
    withdrawals = env["referral.withdrawal"].search([])
    return {
        "balances": env["referral.program"]
        .search([])
        .participant_ids.mapped("balance"),
        "bills": len(withdrawals.bill_id),
        "states": withdrawals.mapped("state"),
    }


#: What each does, and what it finds afterwards.
SCENARIOS = {
    "withdraw": (partial(money_out, count=20, function=withdraw), look_at_money),
    "keyed": (partial(money_out, count=8, function=withdraw_by_key), look_at_calls),
    "spend": (partial(money_out, count=10, function=spend), look_at_money),
    "bill": (bill, look_at_bills),
    "bills_by_hand": (bills_by_hand, look_at_bills_by_hand),
}
