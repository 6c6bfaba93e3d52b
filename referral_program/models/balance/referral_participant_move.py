from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools.actions import window
from ...tools.roles import check_role


class ReferralParticipant(models.Model):
    """Moves a membership as a whole to another contact.

    Everything that hangs on the participant goes with it by itself: documents,
    acceptances, referrals, withdrawals, statements. What hangs on the contact is
    moved: the balance, by one entry, and the payee accounts.
    """

    _inherit = "referral.participant"

    former_contact_ids = fields.One2many(
        "referral.former.contact",
        "participant_id",
        "Former Contacts",
        help="The contacts whose membership this was before it was moved.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("partner_id", "program_id")
    def _check_not_moved_away(self):
        """Refuse a new membership of a contact whose old one still has its items."""
        for participant in self:
            others = participant._others_with(participant.partner_id)
            if others:
                raise ValidationError(
                    self.env._(
                        "The membership of %(contact)s was moved to %(other)s, which "
                        "takes part now.",
                        contact=participant.partner_id.display_name,
                        other=others[0].display_name,
                    )
                )

    # === CHECKING === #

    def _check_mover(self):
        """Refuse whoever is not an officer of this participant's program.

        :raise AccessError: saying so
        """
        check_role(
            self.env,
            self.env._("Only officers can move a membership to another contact."),
            "referral_program.group_officer",
        )
        self.check_access("write")

    def _check_can_move(self, contact):
        """Refuse a move after which it would not be clear whose something is.

        :param contact: the client who is to take part, in superuser mode
        :raise UserError: saying why, and what to do first
        """
        self.ensure_one()
        name = contact.display_name
        if contact == self.partner_id:
            raise UserError(
                self.env._(
                    "The membership is that of %(contact)s already. Choose another "
                    "client.",
                    contact=name,
                )
            )
        if not contact.active:
            raise UserError(
                self.env._("%(contact)s is archived. Restore it first.", contact=name)
            )
        if self._others_with(contact):
            raise UserError(
                self.env._(
                    "%(contact)s takes part in %(program)s itself, or did under this "
                    "contact: two memberships cannot be made one. Pay out or use the "
                    "balance here and close this participation.",
                    contact=name,
                    program=self.program_id.display_name,
                )
            )
        still_open = self.withdrawal_ids.filtered(
            lambda w: w.state in ("requested", "billed")
        )
        if still_open:
            raise UserError(
                self.env._(
                    "%(numbers)s: still open, for %(contact)s and its bank account. "
                    "Bill and pay these withdrawals, or refuse them or cancel their "
                    "bills; then move the membership.",
                    numbers=", ".join(still_open.mapped("name")),
                    contact=self.partner_id.display_name,
                )
            )

    def _others_with(self, contacts):
        """Return other participants of the same programs that are, or were, one of
        some contacts."""
        return self.sudo().search(
            [
                ("id", "not in", self.ids),
                ("program_id", "in", self.program_id.ids),
                "|",
                ("partner_id", "in", contacts.ids),
                ("former_contact_ids.partner_id", "in", contacts.ids),
            ]
        )

    # === MOVING === #

    def _move_to(self, contact):
        """Move the membership to another client, with all that belongs to it.

        :param contact: the client, or one of its contacts
        :raise AccessError: if the user is no officer of the program
        :raise UserError: saying what to do first; nothing is moved then
        """
        self.ensure_one()
        self._check_mover()
        contact.check_access("read")
        # sudo: officers neither post entries nor write bank accounts by themselves
        participant = self.sudo()
        client = contact.sudo().commercial_partner_id
        participant._lock_money()
        participant._check_can_move(client)
        objections = participant.referral_ids._contact_objections()
        accounts = participant._payee_accounts()
        former, balance = participant.partner_id, participant._balance()
        # while they still act
        participant._notify_owners(
            lambda env: env._(
                "Your membership was moved to %(client)s, with its balance and your "
                "bank accounts. It is open in the portal to people of %(client)s only.",
                client=client.display_name,
            )
        )
        entry = participant._rebook(client, balance)
        participant.former_contact_ids.filtered(
            lambda own: own.partner_id == client
        ).unlink()
        participant.env["referral.former.contact"].create(
            {
                "participant_id": participant.id,
                "partner_id": former.id,
                "move_id": entry.id,
            }
        )
        participant._write_checked({"partner_id": client.id})
        moved = participant._move_accounts(accounts, client)
        participant._settle_ledger()
        participant.env["referral.mark"]._mark_partners(client)
        participant.referral_ids._await_approval(objections)
        self._note_move(former, entry, balance, moved)

    def _rebook(self, client, balance):
        """Post the entry that moves the balance to another client.

        :param float balance: in the company's currency; may be below zero
        :return: the ``account.move``; empty if there is nothing to move
        """
        program = self.program_id
        moves = self.env["account.move"].with_company(program.company_id)
        if self.currency_id.is_zero(balance):
            return moves
        # the ledger is in the company's language, whoever moves
        env = self.with_context(lang=program.company_id.partner_id.lang).env
        name = env._(
            "Membership of %(old)s moved to %(new)s",
            old=self.partner_id.display_name,
            new=client.display_name,
        )
        entry = moves.with_context(skip_invoice_sync=True).create(
            {
                "move_type": "entry",
                "journal_id": program.journal_id.id,
                "company_id": program.company_id.id,
                "date": program._today(),
                "ref": name,
                "line_ids": [
                    Command.create(self._prepare_rebooked(partner, amount, name))
                    for partner, amount in (
                        (self.partner_id, balance),
                        (client, -balance),
                    )
                ],
            }
        )
        entry._post(soft=False)
        return entry

    def _prepare_rebooked(self, partner, amount, name):
        """Return the values of one of the entry's two items."""
        return {
            "account_id": self.program_id.liability_account_id.id,
            "partner_id": partner.id,
            "name": name,
            "balance": amount,
            "currency_id": self.currency_id.id,
            "amount_currency": amount,
        }

    def _move_accounts(self, accounts, client):
        """Make payee accounts the client's, to be trusted anew.

        :return: those that were moved; the client may have some of them already
        """
        known = self._payee_accounts().mapped("sanitized_acc_number")
        moved = accounts.filtered(lambda own: own.sanitized_acc_number not in known)
        moved.write({"allow_out_payment": False, "partner_id": client.id})
        return moved

    def _note_move(self, former, entry, balance, accounts):
        """Say in the history what was moved, and by which entry."""
        # the message is its writer's, whoever's rights were needed
        self.message_post(
            body=self.env._(
                "Membership moved from %(old)s to %(new)s. Balance: %(balance)s, entry "
                "%(entry)s. Payee accounts to be trusted again: %(accounts)s. Check "
                "whether the participant type and the documents fit the new client.",
                old=former.display_name,
                new=self.partner_id.display_name,
                balance=self._money(balance),
                entry=entry.sudo().name or "-",
                accounts=", ".join(accounts.mapped("acc_number")) or "-",
            )
        )

    # === ACTION METHODS === #

    def action_move_membership(self):
        """Ask which contact to move the membership to."""
        self.ensure_one()
        self._check_mover()
        return window(
            self.env,
            "referral_move_membership_action",
            context={"default_participant_id": self.id},
        )
