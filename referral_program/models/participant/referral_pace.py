from datetime import timedelta

from psycopg2.errors import SerializationFailure

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL, mute_logger

HOUR = timedelta(hours=1)
#: Files that a participant may hand in within an hour, refused ones too.
UPLOADS_AN_HOUR = 100
#: Of them a file counts as so many that comes upon the limits of time or memory, and
#: as so many for each second of the processor beyond those that are for nothing.
COSTLY_UPLOAD = 10
UPLOADS_A_SECOND = 4
FREE_SECONDS = 1
#: Whoever handed in more gives way to the others: they wait for no turn.
PATIENT_UPLOADS = 20
#: Texts and files of documents that a user may read within an hour.
READINGS_AN_HOUR = 500
#: As so many a participant's export of all files counts, besides each of them.
EXPORT_READINGS = 100
#: Names of companies that a user may have looked up within an hour.
LOOKUPS_AN_HOUR = 20
#: Pages of *Why this month* that a participant may have made within an hour: each is
#: computed from the books.
EXPLANATIONS_AN_HOUR = 120


class ReferralPace(models.Model):
    """How often somebody did something since they began, an hour at most.

    Counted in a transaction of its own: what fails counts as well, and nobody waits
    longer than for the counting itself.
    """

    _name = "referral.pace"
    _description = "Referral Pace"

    kind = fields.Selection(
        [
            ("upload", "Upload"),
            ("reading", "Reading"),
            ("lookup", "Look-up"),
            ("why", "Explanation"),
        ],
        required=True,
    )
    # no reference: whom it is about may not be committed yet
    subject = fields.Integer(required=True)
    since = fields.Datetime(required=True)
    steps = fields.Integer(required=True)

    _subject_unique = models.UniqueIndex("(kind, subject)")

    def _step(self, kind, subject, limit, steps=1):
        """Count steps, which are not done if there were too many.

        :param str kind: of the step
        :param int subject: whose steps are counted together
        :param int limit: steps within an hour, inclusive
        :return int: the steps so far
        :raise ValidationError: saying when to try again
        """
        if not self.env.registry.ready:
            return 0  # the addon is being installed, with its demonstration data
        now = fields.Datetime.now()
        counted, since = self._counted(kind, subject, steps, now)
        if counted > limit:
            raise ValidationError(
                self.env._(
                    "That was asked for too often within an hour. Try again in "
                    "%(minutes)s minutes.",
                    # rounded up
                    minutes=-((now - since - HOUR) // timedelta(minutes=1)),
                )
            )
        return counted

    def _counted(self, kind, subject, steps, now):
        """Return the steps with the new ones, and since when."""
        query = SQL(
            """
            INSERT INTO referral_pace AS pace (kind, subject, since, steps)
            VALUES (%(kind)s, %(subject)s, %(now)s, %(steps)s)
                ON CONFLICT (kind, subject) DO UPDATE
               SET since = CASE WHEN %(goes_on)s
                           THEN pace.since ELSE EXCLUDED.since END,
                   steps = CASE WHEN %(goes_on)s
                           THEN pace.steps ELSE 0 END + EXCLUDED.steps
            RETURNING steps, since
            """,
            kind=kind,
            subject=subject,
            steps=steps,
            now=now,
            goes_on=SQL("pace.since > %s AND pace.since <= %s", now - HOUR, now),
        )
        while True:
            try:
                with self.env.registry.cursor() as cr, mute_logger("odoo.sql_db"):
                    cr.execute(query)
                    return cr.fetchone()
            except SerializationFailure:
                # somebody else counted at the same moment: they are through
                continue

    @api.autovacuum
    def _gc_over(self):
        """Forget the hours that are over."""
        over = fields.Datetime.now() - HOUR
        self.sudo().search([("since", "<", over)]).unlink()
