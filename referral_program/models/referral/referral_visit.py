import logging

import psycopg2

from odoo import fields, models
from odoo.tools import SQL, mute_logger

_logger = logging.getLogger(__name__)

#: How long a visitor waits at most for a lock, and that nobody waits for the disk.
NO_WAITING = "SET LOCAL lock_timeout = '100ms'; SET LOCAL synchronous_commit = off"


class ReferralVisit(models.Model):
    """How many people opened a participant's link on a day: a number, no trace.

    Each visit is a row of its own at first, so that no visitor waits for another. A
    step adds these rows every ten minutes, so that they stay few, to the one of their
    link and day. Whoever wants to know how many there were sums all rows.
    """

    _name = "referral.visit"
    _description = "Referral Visits"
    _order = "day desc, id desc"
    _rec_name = "day"

    participant_id = fields.Many2one(
        "referral.participant", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="participant_id.company_id")
    link_id = fields.Many2one(
        "referral.link",
        "Named Link",
        index="btree_not_null",
        ondelete="cascade",
        help="Empty for the participant's link without a name.",
    )
    day = fields.Date(required=True)
    visits = fields.Integer(required=True)
    is_summed = fields.Boolean(help="The row of a link and day, not a single visit.")

    _link_day_unique = models.UniqueIndex(
        "(participant_id, day, COALESCE(link_id, 0)) WHERE is_summed"
    )
    _single = models.Index("(id) WHERE NOT is_summed")

    def _count(self, participant, link=None):
        """Count a visit of a participant's link, today in the company's time zone.

        :param link: which one, if it has a name

        A visit that cannot be counted is lost, and stops nobody: not who is at the
        participant's row at the moment, nor the disk. The transaction must therefore
        hold nothing else of worth: a crash of the server may lose it.
        """
        cr = self.env.cr
        day = participant.program_id._today()
        try:
            with cr.savepoint(flush=False), mute_logger("odoo.sql_db"):
                cr.execute(NO_WAITING)
                cr.execute(
                    SQL(
                        "INSERT INTO referral_visit"
                        " (participant_id, link_id, day, visits, is_summed)"
                        " VALUES (%s, %s, %s, 1, FALSE)",
                        participant.id,
                        (link and link.id) or None,
                        day,
                    )
                )
        except psycopg2.Error as error:
            _logger.warning("A visit was not counted: %s", error)

    def _cron_sum(self):
        """Add the single visits to the rows of their links and days."""
        self.env.cr.execute(
            """
            WITH single AS (
                DELETE FROM referral_visit
                 WHERE NOT is_summed
             RETURNING participant_id, link_id, day, visits
            )
            INSERT INTO referral_visit AS summed
                        (participant_id, link_id, day, visits, is_summed)
            SELECT participant_id, link_id, day, SUM(visits), TRUE
              FROM single
             GROUP BY participant_id, link_id, day
             ORDER BY participant_id, link_id, day
                ON CONFLICT (participant_id, day, COALESCE(link_id, 0))
                            WHERE is_summed
                DO UPDATE SET visits = summed.visits + EXCLUDED.visits
            """
        )
        self.invalidate_model()
