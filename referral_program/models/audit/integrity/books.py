"""What is looked at."""

from dataclasses import dataclass

from odoo.tools import SQL

from ...balance.ledger import CONTACTS


@dataclass(frozen=True)
class Books:
    """A program's books, or the part of them that one accrual wrote.

    :ivar account_id: of the liability, 0 if there is none yet
    :ivar company_ids: the companies whose invoices and items count
    :ivar rounding: of the company's currency, as text
    :ivar bonus: whether a negative line, ``item``, is bonus money, as SQL
    :ivar accrual_id: the accrual that a narrow run follows, 0 for a full one
    """

    program_id: int
    account_id: int
    company_ids: tuple
    rounding: str
    bonus: SQL
    accrual_id: int = 0

    @property
    def accruals(self):
        """The ``SELECT`` of the accruals' ids."""
        if self.accrual_id:
            return SQL("SELECT %s", self.accrual_id)
        return SQL(
            "SELECT id FROM referral_accrual WHERE program_id = %s", self.program_id
        )

    @property
    def participants(self):
        """The ``SELECT`` of the participants' ids."""
        if self.accrual_id:
            return SQL(
                "SELECT participant_id FROM referral_compensation"
                " WHERE accrual_id = %s",
                self.accrual_id,
            )
        return SQL(
            "SELECT id FROM referral_participant WHERE program_id = %s",
            self.program_id,
        )

    @property
    def partners(self):
        """The ``SELECT`` of the participants' contacts, who have the balances."""
        return SQL(
            "SELECT partner_id FROM (%s) holder WHERE participant_id IN (%s)",
            CONTACTS,
            self.participants,
        )

    @property
    def compensations(self):
        """The ``SELECT`` of the compensations' ids."""
        return SQL(
            "SELECT id FROM referral_compensation WHERE accrual_id IN (%s)",
            self.accruals,
        )

    @property
    def items(self):
        """The ``SELECT`` of all items on the liability account, booked or not."""
        return SQL(
            """
            SELECT item.*
              FROM account_move_line item
             WHERE item.account_id = %s AND item.company_id IN %s %s
            """,
            self.account_id,
            self.company_ids,
            SQL("AND item.partner_id IN (%s)", self.partners)
            if self.accrual_id
            else SQL(),
        )
