"""The same month with OCA's commission: settled, then billed."""

from dateutil.relativedelta import relativedelta

from .measure import measured
from .seed import MONTH, MONTH_END
from .warm import warm_up


def settle(env):
    """Run the wizard that settles the agents' lines, and commit."""
    warm_up(env)
    wizard = env["commission.make.settle"].create(
        {
            "date_to": MONTH + relativedelta(months=1),
            "settlement_type": "sale_invoice",
        }
    )
    env.flush_all()
    with measured(env.cr) as result:
        wizard.action_settle()
        env.cr.commit()
    env.cr.execute(
        """
        SELECT COUNT(*), SUM(line.settled_amount)::numeric(20, 2)::text
          FROM commission_settlement_line line
        """
    )
    lines, amount = env.cr.fetchone()
    return {**result, "lines": lines, "amount": amount}


def bill(env):
    """Run the wizard that makes the bills of the settlements, and commit."""
    warm_up(env)
    product = env["product.product"].create(
        {"name": "Commission", "type": "service", "supplier_taxes_id": False}
    )
    wizard = env["commission.make.invoice"].create(
        {"product_id": product.id, "date": MONTH_END}
    )
    env.flush_all()
    with measured(env.cr) as result:
        wizard.button_create()
        env.cr.commit()
    env.cr.execute(
        "SELECT SUM(amount_total)::numeric(20, 2)::text FROM account_move "
        "WHERE move_type = 'in_invoice'"
    )
    return {**result, "amount": env.cr.fetchone()[0]}
