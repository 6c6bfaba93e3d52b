"""What Odoo's own doors let people do with the program's records: nothing of it.

Each test calls what everybody with an account may call over RPC.
"""

from contextlib import suppress

from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged

from ..portal.test_why import ANSWER, NOTE, WhyCase

FORGED = "<p>We pay ten times as much.</p>"


class DoorsCase(WhyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.viewer = cls._of_owner("doors_viewer")
        cls.program.write({"responsible_id": cls.accountant.id})

    @classmethod
    def _of_owner(cls, login, role="viewer"):
        user = new_test_user(
            cls.env, login, "base.group_portal", email=f"{login}@example.com"
        )
        user.partner_id.parent_id = cls.owner.partner_id
        cls.env["referral.representative"].create(
            {"participant_id": cls.mine.id, "user_id": user.id, "role": role}
        )
        return user

    def _call(self, user, model, method, *args, **kwargs):
        """Call a method as over RPC."""
        records = self.env[model].with_user(user)
        return call_kw(records, method, list(args), kwargs)

    def _everybody(self):
        return self.owner | self.viewer | self.stranger | self.employee

    def _asked_by(self, user):
        questions = self.env["referral.question"].with_user(user)
        return questions._ask(self.mine, self.program.accrual_ids, "Why?")

    def _answer(self, question):
        staff = question.with_user(self.accountant)
        return staff.with_context(mail_notify_force_send=False).message_post(
            body=ANSWER, message_type="comment", subtype_xmlid="mail.mt_comment"
        )


@tagged("post_install", "-at_install")
class TestActivities(DoorsCase):
    def test_nobody_writes_to_staff_as_odoobot(self):
        """A client's own steps assign activities; a client assigns none."""
        about = self.env["ir.model"]._get_id("referral.participant")
        vals = {
            "res_model_id": about,
            "res_id": self.mine.id,
            "user_id": self.accountant.id,
            "summary": "Trust the new account",
            "note": '<a href="https://evil.example">Log in</a>',
        }
        activities = self.env["mail.activity"].sudo()
        before = activities.search_count([])
        public = self.env.ref("base.public_user").sudo()
        for user in (*self._everybody(), public):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._call(user, "mail.activity", "create", [vals])
        self.assertEqual(activities.search_count([]), before)


@tagged("post_install", "-at_install")
class TestScheduledActions(DoorsCase):
    def test_nobody_starts_them(self):
        """Odoo lets everybody run an action that is for no group in particular."""
        actions = self.env["ir.actions.server"].search(
            [("model_id.model", "=like", "referral.%")]
        )
        self.assertGreater(len(actions), 10)
        staff = self.officer | self.accountant
        for action in actions:
            for user in self._everybody() | staff:
                if action.group_ids & user.all_group_ids:
                    continue
                with (
                    self.subTest(action=action.name, user=user.login),
                    self.assertRaises(AccessError),
                ):
                    self._call(user, "ir.actions.server", "run", action.ids)

    def test_the_scheduler_still_does(self):
        scheduled = self.env["ir.cron"].search(
            [("model_id.model", "=like", "referral.%")]
        )
        self.assertGreater(len(scheduled), 10)
        system = self.env.ref("base.group_system")
        for action in scheduled:
            with self.subTest(action=action.name):
                self.assertEqual(action.group_ids, system)
                self.assertIn(system, action.user_id.all_group_ids)


@tagged("post_install", "-at_install")
class TestNumbers(DoorsCase):
    def test_nobody_makes_gaps_in_the_numbers_of_documents(self):
        """Odoo lets every employee draw the next number of any sequence."""
        sequences = self.env["ir.sequence"].search([("code", "=like", "referral.%")])
        self.assertGreaterEqual(len(sequences), 4)
        before = sequences.mapped("number_next_actual")
        people = self.employee | self.accountant | self.officer
        for user in people | self._user("doors_boss", "base.group_system"):
            for sequence in sequences:
                for method, args in (
                    ("next_by_code", (sequence.code,)),
                    ("next_by_id", (sequence.ids,)),
                ):
                    with (
                        self.subTest(user=user.login, code=sequence.code),
                        self.assertRaises(AccessError),
                    ):
                        self._call(user, "ir.sequence", method, *args)
        sequences.invalidate_recordset()
        self.assertEqual(sequences.mapped("number_next_actual"), before)
        self.assertTrue(self.program._next_number("referral.withdrawal"))


@tagged("post_install", "-at_install")
class TestMessages(DoorsCase):
    def setUp(self):
        super().setUp()
        self.question = self._asked_by(self.viewer)
        self.answer = self._answer(self.question)
        self.asked = self.question._messages()[0]

    def test_no_participant_rewrites_what_was_said(self):
        for user in self._everybody():
            for message in self.asked | self.answer:
                for method, args in (
                    ("write", ({"body": FORGED},)),
                    ("write", ({"is_internal": True},)),
                    ("unlink", ()),
                ):
                    with (
                        self.subTest(user=user.login, method=method),
                        self.assertRaises(AccessError),
                    ):
                        self._call(user, "mail.message", method, message.ids, *args)
        self.assertIn(ANSWER, self.answer.body)
        self.assertEqual(len(self.question._messages()), 2)

    def test_no_participant_writes_past_the_page(self):
        """On the page there is a limit, and the accountant is told."""
        vals = {
            "model": "referral.question",
            "res_id": self.question.id,
            "body": FORGED,
            "message_type": "comment",
            "subtype_id": self.env.ref("mail.mt_comment").id,
        }
        for user in self._everybody():
            for sent in (vals, {**vals, "parent_id": self.answer.id}):
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    self._call(user, "mail.message", "create", [sent])

    def test_nor_by_odoos_pages(self):
        self._login(self.viewer)
        for path, params in (
            (
                "/mail/message/update_content",
                {"message_id": self.asked.id, "update_data": {"body": FORGED}},
            ),
            (
                "/mail/message/post",
                {
                    "thread_model": "referral.question",
                    "thread_id": self.question.id,
                    "post_data": {"body": FORGED, "message_type": "comment"},
                },
            ),
            (
                "/mail/update_is_internal",
                {"message_id": self.answer.id, "is_internal": True},
            ),
        ):
            with self.subTest(path=path):
                answer = self.opener.post(
                    f"{self.base_url()}{path}", json={"params": params}
                ).json()
                self.assertIn("error", answer)
        self.assertEqual(len(self.question._messages()), 2)
        self.assertNotIn("ten times", self._text(self.question._path()))

    def test_staff_edit_what_they_said_and_nothing_else(self):
        self._call(
            self.accountant, "mail.message", "write", self.answer.ids, {"body": "Soon"}
        )
        history = self.mine._message_log(body=NOTE)
        for user in (self.accountant, self.officer):
            for message in self.asked | history:
                for method, args in (("write", ({"body": FORGED},)), ("unlink", ())):
                    with (
                        self.subTest(user=user.login, method=method),
                        self.assertRaises(AccessError),
                    ):
                        self._call(user, "mail.message", method, message.ids, *args)

    def test_nor_do_administrators_edit_the_history(self):
        """Odoo keeps what changed, from what to what, in rows of their own."""
        rows = self.env["mail.tracking.value"].sudo()
        field = self.env["ir.model.fields"]._get("referral.participant", "alias")
        own, other = (
            rows.create(
                {
                    "mail_message_id": record._message_log(body=NOTE).id,
                    "field_id": field.id,
                    "new_value_char": "as it was",
                }
            )
            for record in (self.mine, self.employee.partner_id)
        )
        boss = self._user(
            "doors_boss", "base.group_system,account.group_account_manager"
        )
        new = {"mail_message_id": own.mail_message_id.id, "field_id": field.id}
        for method, args in (
            ("write", (own.ids, {"new_value_char": "forged"})),
            ("unlink", (own.ids,)),
            ("create", ([new],)),
        ):
            with self.subTest(method=method), self.assertRaises(AccessError):
                self._call(boss, "mail.tracking.value", method, *args)
        self.assertEqual(own.new_value_char, "as it was")
        self._call(boss, "mail.tracking.value", "unlink", other.ids)

    def test_who_does_not_act_any_more_is_told_nothing(self):
        second = self._answer(self.question)
        self.assertIn(self.viewer.partner_id, second.notified_partner_ids)
        row = self.mine.representative_ids.filtered(
            lambda one: one.user_id == self.viewer
        )
        row.unlink()
        third = self._answer(self.question)
        self.assertNotIn(self.viewer.partner_id, third.notified_partner_ids)
        note = self.question.with_user(self.accountant).message_post(body=NOTE)
        self.assertFalse(note.notified_partner_ids)

    def test_employees_do_not_learn_who_asks(self):
        followers = self.env["mail.followers"].with_user(self.employee)
        found = followers.search([("res_model", "=", "referral.question")])
        self.assertFalse(found.sudo().partner_id & self.mine.partner_id.child_ids)

    def test_nor_who_is_written_to(self):
        self.assertTrue(self.answer.notification_ids)
        other = self.employee.partner_id.message_post(
            body=NOTE, partner_ids=self.accountant.partner_id.ids
        )
        rows = self.env["mail.notification"]
        told = self.answer.notification_ids
        ids = [("mail_message_id", "in", (self.answer | other).ids)]
        read = ("mail.notification", "read", told.ids, ["res_partner_id"])
        for user in (self.employee, self.officer):
            found = rows.with_user(user).search(ids)
            self.assertEqual(found.mail_message_id.sudo(), other)
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._call(user, *read)
        # who wrote it sees whether it arrives
        self.assertEqual(rows.with_user(self.accountant).search(ids)[:1], told[:1])


@tagged("post_install", "-at_install")
class TestPreviews(DoorsCase):
    """Odoo shows everybody what a mail would say of a record with some number."""

    def _previewed(self, user, template, record):
        self.env.flush_all()
        self.env.invalidate_all()
        wizard = self._call(
            user,
            "mail.template.preview",
            "create",
            {
                "mail_template_id": template.id,
                "resource_ref": f"{record._name},{record.id}",
            },
        )
        [read] = self._call(
            user, "mail.template.preview", "read", [wizard], ["subject", "body_html"]
        )
        return f"{read['subject']} {read['body_html']}"

    def _composed(self, user, template, record):
        self.env.flush_all()
        self.env.invalidate_all()
        sent = {
            "model": record._name,
            "res_ids": str(record.ids),
            "template_id": template.id,
        }
        spec = {"subject": {}, "body": {}}
        return str(
            self._call(
                user, "mail.compose.message", "onchange", [], sent, [*sent], spec
            )
        )

    def test_no_name_is_told_to_who_guesses_a_number(self):
        """Odoo reads the name of what an activity or a mail is about for everybody."""
        self.mine.partner_id.name = "Told to nobody"
        question = self._asked_by(self.owner)
        referral = self.env["referral.referral"].search(
            [("participant_id", "=", self.mine.id)], limit=1
        )
        # the latter two come with other apps
        doors = {
            "mail.activity": "res_name",
            "mail.compose.message": "subject",
            "rating.rating": "res_name",
            "sms.composer": "recipient_single_description",
        }
        for model, told in doors.items():
            if model not in self.env:
                continue
            for record in (self.mine, referral, question):
                sent = {
                    "res_model_id": self.env["ir.model"]._get_id(record._name),
                    "res_model": record._name,
                    "model": record._name,
                    "res_id": record.id,
                    "res_ids": str(record.ids),
                }
                sent = {n: sent[n] for n in sent if n in self.env[model]._fields}
                calls = (
                    ("create", sent),
                    ("onchange", [], sent, [*sent], {told: {}}),
                )
                for method, *args in calls:
                    self.env.flush_all()
                    self.env.invalidate_all()
                    with (
                        self.subTest(model=model, about=record._name, call=method),
                        self.assertRaises(AccessError),
                    ):
                        self._call(self.employee, model, method, *args)

    def test_nor_by_a_number_written_in_another_way(self):
        """Odoo reads lists of numbers as Python does: hexadecimal ones, too."""
        stranger = self._user("doors_abroad", "referral_program.group_officer")
        abroad = self.env["res.company"].create({"name": "Abroad"})
        stranger.write({"company_ids": [(6, 0, abroad.ids)], "company_id": abroad.id})
        hexadecimal = hex(self.mine.id)
        for written in (f"[{self.mine.id}]", f"[{hexadecimal}]", hexadecimal):
            sent = {
                "res_model": "referral.participant",
                "res_ids": written,
                "partner_ids": self.employee.partner_id.ids,
            }
            with self.subTest(written=written), self.assertRaises(AccessError):
                self._call(stranger, "mail.followers.edit", "create", [sent])

    def test_no_mail_tells_who_takes_part(self):
        self.mine.partner_id.name = "Told to nobody"
        templates = self.env["mail.template"].search(
            [("model", "=", "referral.participant")]
        )
        self.assertGreater(len(templates), 10)
        for template in templates:
            with self.subTest(template=template.name):
                self.assertIn(
                    "Told to", self._previewed(self.officer, template, self.mine)
                )
                for look in (self._previewed, self._composed):
                    with suppress(AccessError):
                        told = look(self.employee, template, self.mine)
                        self.assertNotIn("Told to nobody", told)


@tagged("post_install", "-at_install")
class TestPortalAccounts(DoorsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.editor = cls._user(
            "doors_editor", "base.group_user,base.group_partner_manager"
        )

    def test_no_colleague_gets_anothers_password(self):
        """Odoo's portal lets everybody of a client edit the client's addresses."""
        colleague = self._of_owner("doors_finance", "finance")
        contact = colleague.partner_id
        country = self.env.ref("base.de")
        address = {
            "partner_id": contact.id,
            "name": "Finance",
            "email": "me@evil.example",
            "phone": "+49 30 1",
            "street": "Street 1",
            "city": "Berlin",
            "zip": "10117",
            "country_id": country.id,
            "address_type": "billing",
            "required_fields": "name,email",
        }
        self._login(self.viewer)
        for kind in ("contact", "invoice", "delivery", "other"):
            contact.sudo().type = kind
            for path in ("/my/address/submit", "/my/account"):
                with self.subTest(kind=kind, path=path):
                    self._form(path, address, page="/my/account")
                    contact.invalidate_recordset()
                    self.assertEqual(contact.email, "doors_finance@example.com")
        # the rest of it is theirs to edit, and everybody's own address their own
        self._form(
            "/my/address/submit",
            {**address, "email": contact.email},
            page="/my/account",
        )
        contact.invalidate_recordset()
        self.assertEqual(contact.city, "Berlin")
        own = {**address, "partner_id": self.viewer.partner_id.id}
        self._form("/my/address/submit", own, page="/my/account")
        self.viewer.partner_id.invalidate_recordset()
        self.assertEqual(self.viewer.partner_id.email, "me@evil.example")

    def test_nobody_is_taken_out_by_the_contact_above(self):
        """Whoever is below a contact becomes another client's along with it."""
        company = self._partner("Has departments")
        member = self._participant(partner_id=company.id)
        other = self._partner("Other")
        department = self._partner("Sales", parent_id=company.id, is_company=False)
        user = new_test_user(self.env, "doors_sales", "base.group_portal")
        user.partner_id.parent_id = department
        row = self.env["referral.representative"].create(
            {"participant_id": member.id, "user_id": user.id, "role": "owner"}
        )
        self.assertTrue(row.acting)
        for vals in ({"parent_id": other.id}, {"parent_id": False}, {"is_company": 1}):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                self._call(self.editor, "res.partner", "write", department.ids, vals)
        with self.assertRaises(UserError):
            self._call(self.editor, "res.partner", "unlink", department.ids)
        board = self._partner("Board", parent_id=other.id, is_company=False)
        merging = self.env["base.partner.merge.automatic.wizard"]
        with self.assertRaises(UserError):
            merging.with_user(self.editor).with_context(
                active_model="res.partner", active_ids=(board | department).ids
            ).create({"dst_partner_id": board.id}).action_merge()
        self.assertTrue(row.acting)
        # a company of its own stays what it is, wherever it belongs
        group = self._partner("Group")
        holding = self._partner("Holding", parent_id=group.id, is_company=False)
        company.parent_id = holding
        self._call(
            self.editor, "res.partner", "write", holding.ids, {"parent_id": other.id}
        )
        self.assertTrue(row.acting)

    def _notices(self):
        about = [("model", "=", "referral.participant"), ("res_id", "=", self.mine.id)]
        mails = self.env["mail.mail"].search(about)
        return mails.filtered(lambda one: "to your accounts" in one.body_html)

    def test_owners_are_told_of_a_number_that_staff_change(self):
        self.account.allow_out_payment = False
        before = self._notices()
        for vals in (
            {"acc_number": "GB82 WEST 1234 5698 7654 32"},
            {"acc_number": "GB82WEST12345698765432", "acc_holder_name": "Owner"},
        ):
            self._call(self.editor, "res.partner.bank", "write", self.account.ids, vals)
        told = self._notices() - before
        self.assertEqual(len(told), 1)
        self.assertIn("5432", told.body_html)
        self.assertIn(self.owner.partner_id, told.recipient_ids)

    def test_nobody_pays_to_another_number_than_is_seen(self):
        """Odoo keeps the plain number beside the one that was typed, for payments."""
        number = "GB82WEST12345698765432"
        forged = {"sanitized_acc_number": number}
        banks = "res.partner.bank"
        with self.assertRaisesRegex(UserError, "has been trusted"):
            self._call(self.editor, banks, "write", self.account.ids, forged)
        self.account.allow_out_payment = False
        before = self._notices()
        self._call(self.editor, banks, "write", self.account.ids, forged)
        self.env.flush_all()
        self.account.invalidate_recordset()
        self.assertEqual(self.account.acc_number.replace(" ", ""), number)
        self.assertEqual(self.account.sanitized_acc_number, number)
        self.assertEqual(len(self._notices() - before), 1)
        added = (
            self.env[banks]
            .with_user(self.editor)
            .with_context(default_sanitized_acc_number=number)
            .create({"acc_number": "123-45", "partner_id": self.editor.partner_id.id})
        )
        self.assertEqual(added.sanitized_acc_number, "12345")

    def test_no_context_keeps_owners_from_being_told(self):
        before = self._notices()
        self.account.allow_out_payment = False
        self.account.with_user(self.editor).with_context(
            install_mode=True,
            default_state="cancel",
            default_email_cc="me@evil.example",
        ).write({"acc_number": "GB82 WEST 1234 5698 7654 32"})
        [told] = self._notices() - before
        self.assertEqual(told.state, "outgoing")
        self.assertFalse(told.email_cc)

    def test_no_second_address_gets_a_new_password(self):
        """Odoo takes the first of several addresses for the contact's own."""
        contact = self.viewer.partner_id
        for own in ("doors_viewer@example.com", False):
            contact.sudo().email = own
            for typed in (
                "doors_viewer@example.com, me@evil.example",
                "me@evil.example, you@evil.example",
                "me@evil.example;doors_viewer@example.com",
                "me@evil.example",
            ):
                with self.subTest(own=own, typed=typed), self.assertRaises(UserError):
                    self._call(
                        self.editor,
                        "res.partner",
                        "write",
                        contact.ids,
                        {"email": typed},
                    )
            self.assertEqual(contact.email, own)
