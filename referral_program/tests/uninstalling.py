"""What is there before and after the addon: ``uninstalling.py CONFIG DATABASE STEP``.

Started by ``test_uninstall.py``; prints what a step found as JSON. After the addon is
gone nothing of it is imported here.
"""

import json
import sys

import spenders
import workers


def main(config, database, step):
    found = workers.in_transaction(workers.load(config, database), STEPS[step])
    sys.stdout.write(json.dumps(found) + "\n")


def use(env):
    """Accrue, bill and redeem; build on what the addon brings; look."""
    workers.make_books(env)
    program = env["referral.program"].search([])
    excluded = env.ref("referral_program.product_category_api_security")
    program.terms_ids.excluded_category_ids = excluded
    spenders.make_money(env)
    spenders.spend(env, number=0)
    spenders.spend(env, number=1)
    program.participant_ids.withdrawal_ids._bill()
    branch = env["res.company"].create({"name": "Without Entries"})
    second = env["referral.program"]._get_or_create_for_company(branch)
    second.terms_ids.excluded_category_ids = excluded
    filtering = env.ref("referral_program.product_category_qrator_filtering")
    domains = env.ref("referral_program.product_category_domains")
    own = env["product.category"].create({"name": "Own", "parent_id": domains.id})
    env["product.product"].create({"name": "Filtering", "categ_id": filtering.id})
    env["product.product"].create({"name": "Own Product", "categ_id": own.id})
    return look(env)


def look(env):
    """Return the books and what they stand on."""
    env.flush_all()
    products = env["product.product"].search([("categ_id", "!=", False)])
    items = env["account.move.line"].search([("parent_state", "=", "posted")])
    return {
        "accounts": facts(env["account.account"].search([]), "name"),
        "categories": facts(env["product.category"].search([]), "complete_name"),
        "items": [
            [item.move_name, item.account_id.name, item.partner_id.name, item.balance]
            for item in items.sorted("id")
        ],
        "journals": facts(env["account.journal"].search([]), "name"),
        "products": {
            product.name: product.categ_id.complete_name for product in products
        },
    }


def facts(records, field):
    return sorted(records.mapped(field))


def go_on(env):
    """Look, then do an accountant's day in what is left."""
    found = look(env)
    client = env["res.partner"].search([("name", "=", "Client 0")])
    invoice = workers.make_paid_invoice(env, client, "2026-03-04")
    env.cr.execute(
        """
        SELECT table_name || '.' || column_name FROM information_schema.columns
         WHERE table_schema = 'public'
           AND (table_name LIKE 'referral%' OR column_name LIKE 'referral%')
        """
    )
    return {
        **found,
        "columns": [name for (name,) in env.cr.fetchall()],
        "models": env["ir.model"].search([("model", "like", "referral%")]).ids,
        "names": facts(
            env["ir.model.data"].search([("module", "=", "referral_program")]), "name"
        ),
        "invoice": [invoice.state, invoice.payment_state],
        # other apps may wait for the bank's statement
        "paid": invoice._get_invoice_in_payment_state(),
    }


def back_again(env):
    """Return what a new program takes over."""
    company = env.ref("base.main_company")
    program = env["referral.program"]._get_or_create_for_company(company)
    return {
        **look(env),
        "journal": program.journal_id.name,
        "liability": -sum(
            env["account.move.line"]
            .search([("account_id", "=", program.liability_account_id.id)])
            .mapped("balance")
        ),
    }


STEPS = {"use": use, "go_on": go_on, "back_again": back_again}

if __name__ == "__main__":
    main(*sys.argv[1:])
