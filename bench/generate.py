"""A month, or several, of paid invoices whose clients were all brought by somebody."""

from dateutil.relativedelta import relativedelta

from .clone import Cloner
from .month import BASE, LINES, MONTH_DATES, OCA_BASE
from .seed import MONTH, PERCENT, seed

#: Records that Odoo makes at once.
BATCH = 500
QUIET = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
}


def generate(env, size, months=1, participants=None, clients=None, policy="automatic"):
    """Clone invoices and bind their clients to participants, who are agents too.

    :param int size: invoices a month
    :param int months: how many, the last one being the seed's
    :param int participants: how many; by default one for 100 invoices
    :param int clients: how many; by default one for 10 invoices of a month
    :param str policy: the program's ``posting_policy``
    :return: what there is to earn in the last month
    """
    env = env(context={**env.context, **QUIET})
    participants = participants or min(500, max(20, size // 100))
    clients = clients or max(participants, size // 10)
    partners = _make_partners(env, participants, clients)
    clone(env, partners, size, months)
    program = _make_program(env, months, policy)
    bind(env, program, partners)
    return _facts(env, participants)


def generate_unpaid(env, size):
    """Make open invoices, of clients whom participants brought if that can be."""
    env = env(context={**env.context, **QUIET})
    seed(env, paid=False)
    partners = _make_partners(env, participants=20, clients=40)
    clone(env, partners, size, months=1)
    if "referral.program" in env:
        bind(env, _make_program(env), partners)
    return size


def _make_partners(env, participants, clients):
    """Make participants and clients.

    :return: a list of pairs: a client, and the participant who brought them
    """
    agent_vals = {}
    if "commission" in env:
        agent = env["res.partner"].search([("agent", "=", True)], limit=1)
        agent_vals = {
            "agent": True,
            "commission_id": agent.commission_id.id,
            "settlement": "monthly",
        }
    brought_by = _create(
        env["res.partner"],
        [
            {"name": f"Participant {number}", "is_company": True, **agent_vals}
            for number in range(participants)
        ],
    )
    brought = _create(
        env["res.partner"],
        [{"name": f"Client {number}", "is_company": True} for number in range(clients)],
    )
    return [
        (client, brought_by[number % participants])
        for number, client in enumerate(brought)
    ]


def _create(model, vals_list):
    """Create records in batches, and keep few of them in memory."""
    ids = []
    for start in range(0, len(vals_list), BATCH):
        records = model.create(vals_list[start : start + BATCH])
        ids += records.ids
        model.env.flush_all()
        model.env.invalidate_all()
    return model.browse(ids)


def clone(env, partners, size, months):
    """Clone the seed's invoices into each of the months, the oldest first."""
    agents = "commission" in env
    cloner = Cloner(
        env,
        [
            (c.id, c.name, participant.id if agents else None)
            for c, participant in partners
        ],
    )
    for months_back in reversed(range(months)):
        cloner.clone(size, months_back)
    cloner.finish()
    if agents:
        # nobody brought the client of the seed
        env.cr.execute(
            "DELETE FROM account_invoice_line_agent WHERE agent_id NOT IN "
            "(SELECT agent_id FROM bench_client)"
        )
    env.invalidate_all()
    env.cr.commit()


def _make_program(env, months=1, policy="automatic"):
    """Make a program that has run before, in a month in which nothing happened.

    So the marks that a new program leaves once, to look at everything, are gone.
    """
    program = env["referral.program"]._get_or_create_for_company(env.company)
    program.terms_ids.write({"date_from": "2020-01-01", "rate": PERCENT})
    program._accrue(MONTH - relativedelta(months=months))
    program.posting_policy = policy
    return program


def bind(env, program, partners):
    """Make the participants and their referrals, which marks the invoices."""
    kind = env.ref("referral_program.participant_type_legal_entity_resident")
    brought_by = env["res.partner"].union(*(pair[1] for pair in partners))
    participants = _create(
        env["referral.participant"],
        [
            {
                "program_id": program.id,
                "partner_id": partner.id,
                "type_id": kind.id,
                "state": "active",
            }
            for partner in brought_by
        ],
    )
    of_partner = dict(zip(brought_by.ids, participants.ids, strict=True))
    _create(
        env["referral.referral"],
        [
            {
                "participant_id": of_partner[partner.id],
                "partner_id": client.id,
                "date_start": "2020-01-01",
            }
            for client, partner in partners
        ],
    )
    env.cr.commit()


def _facts(env, participants):
    """Return what there is to earn in the last month, by no rule but the percent.

    ``oca_lines`` and ``oca_amount`` are what OCA's commission makes of the same month.
    """
    env.cr.execute(
        f"""
        SELECT COUNT(*),
               COUNT(*) FILTER (WHERE {OCA_BASE} <> 0),
               COUNT(DISTINCT move.id) FILTER (WHERE move.move_type = 'out_invoice'),
               SUM({BASE})::numeric(20, 2)::text,
               ROUND(SUM({BASE}) * {PERCENT:g} / 100, 2)::text,
               ROUND(SUM({OCA_BASE}) * {PERCENT:g} / 100, 2)::text
        {LINES}
        """,
        MONTH_DATES,
    )
    lines, oca_lines, invoices, base, amount, oca_amount = env.cr.fetchone()
    return {
        "lines": lines,
        "oca_lines": oca_lines,
        "invoices": invoices,
        "participants": participants,
        "base": base,
        "amount": amount,
        "oca_amount": oca_amount,
    }
