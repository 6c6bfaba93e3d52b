"""What all companies use is changed by those who may access all of them."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_sight import TwoCompaniesCase


@tagged("post_install", "-at_install")
class TestShared(TwoCompaniesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        env = cls.env
        cls.kind = cls.participant.type_id
        cls.requirement = cls.kind.requirement_ids[:1]
        cls.draft = env.ref("referral_program.agreement_participation_1").copy()
        cls.material = env["referral.material"].search([("kind", "=", "text")])[:1]
        cls.shared = [cls.kind, cls.requirement, cls.draft, cls.material]

    def _as_other(self, records):
        return self._of_intruder("administrator", records)

    def test_the_other_companys_administrator_changes_nothing_shared(self):
        for record in self.shared:
            own = self._as_other(record)
            self.assertTrue(own.read(["display_name"]))
            changes = [
                lambda r: r.write({"name": "Hacked"}),
                lambda r: r.update_field_translations("name", {"en_US": "Hacked"}),
                lambda r: r.unlink(),
                lambda r: r.onchange({"name": "Hacked"}, ["name"], {"name": {}}),
            ]
            if "active" in record:
                changes.append(lambda r: r.action_archive())
            for change in changes:
                with (
                    self.subTest(model=record._name),
                    self.assertRaises(AccessError),
                ):
                    change(own)
            self.assertNotEqual(record.name, "Hacked")

    def test_nor_makes_or_publishes_any(self):
        with self.assertRefused(AccessError, "Duplicate it"):
            self._as_other(self.draft).action_publish()
        values = {"name": "More", "code": "more", "type_id": self.kind.id}
        with self.assertRefused(AccessError, "shared by all companies"):
            self._as_other(self.requirement.browse()).create(values)
        with self.assertRefused(AccessError, "shared by all companies"):
            self._as_other(self.kind).requirement_ids = [(0, 0, values)]
        kinds = self._as_other(self.kind.browse())
        values = {"name": "Everybody's", "entity_type": "individual"}
        with self.assertRefused(AccessError, "shared by all companies"):
            kinds.create({**values, "company_id": False})
        own = kinds.create(values)
        self.assertEqual(own.company_id, self.other)
        with self.assertRefused(AccessError, "shared by all companies"):
            own.company_id = False
        with self.assertRefused(AccessError, "shared by all companies"):
            self._as_other(self.requirement).type_id = own

    def test_but_makes_copies_of_its_own(self):
        for record in (self.kind, self.draft):
            copy = self._as_other(record).copy()
            self.assertEqual(copy.company_id, self.other)
            copy.name = "Ours"
        copy = self._as_other(self.material).copy()
        self.assertEqual(copy.program_id, self.other_program)
        copy.unlink()

    def test_an_own_type_comes_in_place_of_the_shared_one(self):
        kinds = self.env["referral.participant.type"]
        own = self._as_other(self.kind).copy()
        self.assertEqual(
            own.requirement_ids.mapped("code"),
            self.kind.requirement_ids.mapped("code"),
        )
        like = self.kind.entity_type, self.kind.residency
        self.assertEqual(kinds._offered(self.other)._like(*like).id, own.id)
        self.assertEqual(kinds._offered(self.company)._like(*like), self.kind)
        self.assertIn(self.kind, kinds._offered(self.company))
        self.assertNotIn(self.kind, kinds._offered(self.other))

    def test_who_may_access_all_companies_changes_them(self):
        user = self.intruders["administrator"]
        user.company_ids |= self.company
        for record in self.shared:
            with self.subTest(model=record._name):
                own = self._as_other(record)
                own.write({"name": "Renamed"})
                self.assertEqual(record.name, "Renamed")
                if record != self.requirement:
                    self.assertFalse(own.copy()[record._owner])

    def test_an_archived_programs_company_counts_too(self):
        self.program.active = False
        with self.assertRaises(AccessError):
            self._as_other(self.kind).name = "Hacked"

    def test_shared_contacts_do_not_tell_who_takes_part_elsewhere(self):
        """Odoo finds the contacts that have any, whoever may see which."""
        referral = self.participant.referral_ids[:1]
        for role in self.intruders:
            contacts = self._of_intruder(role, self.env["res.partner"])
            for name, record in (
                ("referral_participant_ids", self.participant),
                ("referral_ids", referral),
            ):
                for domain in (
                    [(name, "!=", False)],
                    ["!", (name, "=", False)],
                    [(name, "in", record.ids)],
                    [(name, "any", [("id", "in", record.ids)])],
                ):
                    with self.subTest(role=role, domain=domain):
                        found = contacts.search(domain)
                        self.assertNotIn(record.partner_id, found)
            self.assertIn(
                self.guest.partner_id,
                contacts.search([("referral_participant_ids", "!=", False)]),
            )

    def test_nor_are_they_changed_for_the_program_of_another_company(self):
        member, client = self.participant.partner_id, self.participant.referral_ids
        for contact, vals in (
            (member, {"company_id": self.other.id}),
            (client.partner_id[:1], {"referral_postpaid": True}),
        ):
            with self.subTest(vals=vals):
                with self.assertRefused(UserError, "that you may not change it for"):
                    self._as_other(contact).write(vals)
                self._as_other(contact).write({"phone": "1"})
        member.company_id = self.company
        client.partner_id[:1].referral_postpaid = True

    def test_mails_of_all_programs_are_changed_by_who_may_access_them_all(self):
        """A copy to another address would tell what everybody has earned."""
        editor = self.env.ref("mail.group_mail_template_editor")
        for user in self.intruders.values():
            user.group_ids += editor
        for name in ("statement", "redemption", "notice"):
            template = self.env.ref(f"referral_program.mail_template_{name}")
            for role in self.intruders:
                own = self._of_intruder(role, template)
                with self.subTest(name=name, role=role), self.assertRaises(AccessError):
                    own.email_cc = "copy@evil.example"
        administrator = self.intruders["administrator"]
        administrator.company_ids += self.company
        template.with_user(administrator).email_cc = "copy@example.com"
