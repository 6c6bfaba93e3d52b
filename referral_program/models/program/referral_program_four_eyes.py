from odoo import SUPERUSER_ID, fields, models
from odoo.exceptions import UserError


class ReferralProgram(models.Model):
    """Four eyes: nobody decides alone about money, or about what is their own."""

    _inherit = "referral.program"

    four_eyes = fields.Selection(
        [
            ("able", "Where two people have the role"),
            ("always", "Always"),
            ("never", "Never"),
        ],
        required=True,
        default="able",
        tracking=True,
        help="Whoever requested a withdrawal for a participant, approved the "
        "participant's documents or trusted the account does not approve the "
        "withdrawal. An officer neither verifies their own participation nor binds "
        "clients to it.",
    )

    def _refuse_alone(self, group, user, why):
        """Refuse what somebody else of the role has to decide.

        :raise UserError: saying why, and who else can
        """
        if self._somebody_else(group, user) is not None:
            raise UserError(self._explain_alone(group, user, why))

    def _explain_alone(self, group, user, why):
        """Return who else can decide what a user may not.

        :param str group: whose role it is, such as ``group_accountant``
        :param user: the ``res.users`` who may not
        :param str why: why not, as a whole sentence
        """
        others = self._somebody_else(group, user)
        if not others:
            return self.env._(
                "%(why)s Nobody else has the role: ask an administrator to give it to "
                "somebody, or to change “Four Eyes” in the program.",
                why=why,
            )
        return self.env._(
            "%(why)s Somebody else has to decide: %(names)s.",
            why=why,
            names=", ".join(others.mapped("name")),
        )

    def _somebody_else(self, group, user):
        """Return who can decide in place of a user.

        :param str group: as above
        :param user: the ``res.users`` who may not
        :return: ``res.users``, perhaps none; None if the user may decide after all
        """
        self.ensure_one()
        if user.id == SUPERUSER_ID:
            return None  # the program itself
        others = self._able(group) - user
        if self.four_eyes == "never" or (self.four_eyes == "able" and not others):
            return None
        return others
