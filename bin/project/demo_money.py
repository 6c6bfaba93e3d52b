"""Takes money out of the demo's balances: withdrawals in each state, a redemption."""

#: Nobody's account, with a right key digit.
ACCOUNT, BIC, BANK = "40702810100000000004", "044525225", "Sample Bank, Moscow"


def take(program):
    """Let the richest participant withdraw and pay an own invoice; estimate the rest.

    :param program: the ``referral.program`` of the demo, its months accrued
    """
    env = program.env
    participant = program.participant_ids.filtered("payout_allowed").sorted("balance")[
        -1:
    ]
    account = participant._payee_accounts()[:1] or participant._add_payee_account(
        ACCOUNT, BIC, BANK
    )
    account.allow_out_payment = True
    request = env["referral.withdrawal"]._request
    paid, billed, refused, _waiting = (
        request(participant, amount, account)
        for amount in (25_000, 15_000, 20_000, 12_500)
    )
    (paid | billed).action_bill()
    wizard = env["account.payment.register"].with_context(
        active_model="account.move", active_ids=paid.bill_id.ids
    )
    wizard.create({})._create_payments()
    refused._refuse("Two requests on one day: this one is not needed.")
    invoice = _own_invoice(participant)
    env["referral.redemption"]._redeem(participant, invoice, 1_500)
    env["referral.estimate"]._cron_estimate()


def _own_invoice(participant):
    """Post an invoice to the participant, who is a client too."""
    env = participant.env
    # one of the catalogue's services, whatever they are called
    [line] = env["account.move.line"].search(
        [
            ("company_id", "=", participant.company_id.id),
            ("display_type", "=", "product"),
            ("move_id.move_type", "=", "out_invoice"),
        ],
        limit=1,
    )
    moves = env["account.move"].with_company(participant.company_id)
    invoice = moves.create(
        {
            "move_type": "out_invoice",
            "partner_id": participant.partner_id.id,
            "invoice_line_ids": [
                (0, 0, {"product_id": line.product_id.id, "price_unit": 4_000})
            ],
        }
    )
    invoice.action_post()
    return invoice
