"""Each role does, alone, what its guide in ``docs/`` tells it to do.

A walk presses every button that the guide names, as a user of the role and no other,
and opens every menu: what leads nowhere, or what nobody has walked, fails.
"""

import re
from pathlib import Path

from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools.safe_eval import safe_eval

from ..balance.test_withdrawals import MoneyCase
from ..common import JoiningCase

DOCS = Path(__file__).parents[3] / "docs"
#: What guides call by its name on the screen.
NAMED = re.compile(r"(?<![*\w])(\*{1,2})(?!\s)([^*]+?)\1(?![*\w])")
OTHERS = re.compile(r"```.*?```|!\[[^]]*]\([^)]*\)", re.DOTALL)
KINDS = ("form", "list", "kanban")
LABELLED = "//button[@string=$label or normalize-space()=$label]"
ROOT = "Referral Program"


def named(guide):
    """Return what a guide calls by its name: menus, buttons, fields, and the like."""
    text = OTHERS.sub("", (DOCS / guide).read_text("utf-8"))
    return {" ".join(name.split()) for _stars, name in NAMED.findall(text)}


@tagged("post_install", "-at_install")
class GuideCase(MoneyCase, JoiningCase):
    """A participant with 90,000, and somebody who goes by a guide."""

    role = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program.posting_policy = "review"
        if cls.role:
            group = f"referral_program.group_{cls.role}"
            cls.user = cls._user(f"guide_{cls.role}", group)
            cls.guide = named(f"{cls.role}.md")

    def setUp(self):
        super().setUp()
        self.pressed = set()

    def _as(self, records):
        self.env.flush_all()
        self.env.invalidate_all()
        return records.with_user(self.user)

    def _views(self, records):
        """Give what the user sees of a model: each of its views."""
        views = self.env["ir.ui.view"].search(
            [("model", "=", records._name), ("type", "in", KINDS)]
        )
        for view in views.filtered(lambda view: view.mode == "primary"):
            # other apps may hand it out as bytes
            yield etree.fromstring(records.get_view(view.id, view.type)["arch"])

    def _press(self, records, label, beside=None):
        """Press a button by its label, as the user; return what it answers.

        :param beside: the record on whose form it is, if not on one of theirs
        """
        own = self._as(records)
        found = (
            button
            for view in self._views(own if beside is None else self._as(beside))
            for button in view.xpath(LABELLED, label=label)
        )
        button = next(found, None)
        self.assertIsNotNone(button, f"{label} is not on {own._name}")
        self.pressed.add(label)
        if button.get("type") == "object":
            arguments = safe_eval(button.get("args") or "[]")
            return getattr(own, button.get("name"))(*arguments)
        # sudo: what a button opens is told to whoever presses it
        action = self.env["ir.actions.act_window"].sudo()
        return action.browse(int(button.get("name")))._get_action_dict() | {
            "active_id": own.id
        }

    def _window(self, action, **values):
        """Fill in the window that an action opens; return its record."""
        context = action.get("context") or {}
        if isinstance(context, str):
            context = safe_eval(context, {"active_id": action.get("active_id")})
        model = self.env[action["res_model"]].with_user(self.user)
        if action.get("res_id"):
            return model.browse(action["res_id"])
        with Form(model.with_context(**context)) as form:
            for name, value in values.items():
                setattr(form, name, value)
        return form.record

    def _open_menus(self):
        """Open each menu that the guide names; Odoo's own settings are not ours."""
        menus = self.env["ir.ui.menu"].with_user(self.user)
        visible = menus.browse(menus._visible_menu_ids())
        there = {menu.complete_name: menu for menu in visible}
        for path in sorted(name for name in self.guide if " → " in name):
            first, _arrow, last = path.partition(" → ")
            if first == "Settings" or last == "New":
                continue
            whole = f"{first}/{last}" if first in there else f"{ROOT}/{first}/{last}"
            with self.subTest(path):
                self.assertIn(whole, there)
                # sudo: what a menu opens is told to whoever sees the menu
                self._open(there[whole].sudo().action)

    def _open(self, action):
        if action and action._name == "ir.actions.server":
            self.env["referral.forecast"].with_user(self.user).action_open()
        elif action and action._name == "ir.actions.act_window":
            model = self.env[action.res_model].with_user(self.user)
            model.get_views([(False, kind) for kind in action.view_mode.split(",")])
            model.search([], limit=1).mapped("display_name")

    def assertWalked(self):
        """Check that each button of the addon that the guide names was pressed."""
        labels = {
            label
            for view in self._own_views()
            for label in etree.fromstring(view.arch_db).xpath(
                "//button[not(@special)]/@string"
            )
        }
        self.assertEqual((self.guide & labels) - self.pressed, set())

    def _own_views(self):
        own = self.env["ir.model.data"].search(
            [("module", "=", "referral_program"), ("model", "=", "ir.ui.view")]
        )
        views = self.env["ir.ui.view"].with_context(lang=None)
        return views.browse(own.mapped("res_id")).filtered(lambda v: v.type in KINDS)


@tagged("post_install", "-at_install")
class TestAccountant(GuideCase):
    """docs/accountant.md"""

    role = "accountant"

    def test_the_guide(self):
        self._open_menus()
        with self.on("2026-03-06"):
            self._run_the_month()
            self._close_the_month()
            self._pay_an_invoice()
            self._pay_out()
            self._settle()
        self.assertWalked()

    def _run_the_month(self):
        self._paid("2026-02-10", 1_000)
        action = self._press(self.program, "Accrue Next Month")
        accrual = self.env["referral.accrual"].browse(action["res_id"])
        self.assertEqual(accrual.state, "computed")
        self._press(accrual, "Recompute")
        self._press(accrual, "Post")
        self.assertMoney(90_090, 90_090)
        self._press(accrual.compensation_ids, "Evidence")
        invoice = self._client_invoice()[:1]
        self._press(self.participant, "Compensations")
        self._press(invoice, "Referral: Why")
        for records in (
            accrual.compensation_ids,
            self.participant,
            self.participant.referral_ids,
        ):
            self._press(records, "Why")
        entry = self._as(accrual.move_ids)
        self.assertIn('name="aml_tab"', entry.get_view(view_type="form")["arch"])
        self.assertEqual(sorted(entry.line_ids.mapped("balance")), [-90, 90])
        # what would be refused is not offered; other entries stay as they are
        self.assertFalse(entry.show_reset_to_draft_button)
        self.assertTrue(self._as(invoice).show_reset_to_draft_button)

    def _close_the_month(self):
        run = self.env[self._press(self.program, "Check Integrity")["res_model"]]
        run = run.search([], limit=1, order="id desc")
        self.assertEqual(run.state, "passed")
        self._press(run.result_ids[:1], "Show", beside=run)
        self._as(self.env["referral.statement"]).search([]).mapped("display_name")

    def _pay_an_invoice(self):
        invoice = self._invoice(self.participant.partner_id, "2026-03-01", 500)
        action = self._press(invoice, "Pay With Referral Balance")
        self._window(action).action_confirm()
        self.assertMoney(89_590, 89_590)
        redemption = self.env["referral.redemption"].search(
            [("invoice_id", "=", invoice.id)]
        )
        self.assertFalse(self._as(redemption.move_id).show_reset_to_draft_button)
        self._press(redemption, "Undo")
        self.assertMoney(90_090, 90_090)

    def _pay_out(self):
        self.account.allow_out_payment = False
        withdrawal, second, third = (self._request(10_000) for _number in range(3))
        self._press(withdrawal, "Approve")
        with self.assertRefused(UserError, "posted bill to pay"):
            self._press(withdrawal, "Pay")
        self._press(withdrawal, "Trust the Account")
        self._press(withdrawal, "Create the Bill")
        action = self._press(withdrawal, "Pay")
        register = self.env[action["res_model"]].with_user(self.user)
        register.with_context(**action["context"]).create({}).action_create_payments()
        self.assertEqual(withdrawal.state, "paid")
        action = self._press(second, "Refuse")
        self._window(action, reason="Not yours").action_confirm()
        self.assertEqual(second.state, "refused")
        self.account.allow_out_payment = False
        self.account.acc_number = "40702810938000000009"
        self.account.allow_out_payment = True
        self._press(third, "Confirm the Changed Account")
        self._press(third, "Create Bills")
        self.assertEqual(third.state, "billed")
        self.assertMoney(70_090, 70_090)

    def _settle(self):
        withdrawal = self._request(10_000)
        self.participant._update_state("closed", "Left")
        self._press(withdrawal, "Settle the Ended Participation")
        self._press(withdrawal, "Create the Bill")
        action = self._press(self.participant, "Withdraw")
        self._window(action).action_confirm()
        self.assertMoney(60_090, 0)


@tagged("post_install", "-at_install")
class TestOfficer(GuideCase):
    """docs/officer.md"""

    role = "officer"

    def test_the_guide(self):
        self._open_menus()
        with self.on("2026-03-06"):
            self._verify()
            self._enroll()
            self._suspend_and_close()
            self._correct_referrals()
            self._move()
        self.assertWalked()

    def _ask(self, record, label):
        """Press a button that asks for a reason, and give one."""
        action = self._press(record, label)
        self._window(action, reason="Said on the phone").action_confirm()

    def _verify(self):
        joiner = self._submitted("individual_resident")
        self._read(joiner.document_ids)
        first, *others = joiner.document_ids
        self._ask(first, "Reject")
        self.assertEqual(first.state, "rejected")
        first._hand_in_files([("scan.png", self._picture())])
        joiner._submit()
        self._read(first)
        for document in (first, *others):
            self._press(document, "Approve")
        self._press(joiner, "Activate")
        self.assertEqual(joiner.state, "active")
        another = self._submitted("individual_resident", self._partner("Another"))
        self._read(another.document_ids)
        self._press(another, "Approve All Documents")
        self.assertEqual(another.state, "active")

    def _read(self, documents):
        for page in self._as(documents.page_ids):
            page._read_content("view")

    def _enroll(self):
        client = self._partner("Enrolled", email="hello@enrolled.example")
        with Form(self.env["referral.participant"].with_user(self.user)) as form:
            form.partner_id = client
            form.type_id = self._type("individual_resident")
        enrolled = form.record
        self._press(enrolled, "Invite to the Portal")
        self._press(enrolled, "Upload for Them")
        self._fill(enrolled.with_env(self.env))
        self._accept_all(enrolled.with_env(self.env))
        self._press(enrolled, "Submit")
        self.assertEqual(enrolled.state, "submitted")
        self._ask(enrolled, "Reject")
        self._press(enrolled, "Destroy Documents")
        self.assertFalse(enrolled.with_env(self.env).document_ids.page_ids)

    def _suspend_and_close(self):
        self._ask(self.participant, "Suspend")
        self._press(self.participant, "Resume")
        self.assertEqual(self.participant.state, "active")
        self._press(self.participant, "Export Data")
        self.participant.sudo().account_closed_on = "2026-03-01 10:00:00"
        self._press(self.participant, "Let the Link Work Again")
        self.assertFalse(self.participant.account_closed_on)
        other = self._participant("Other")
        self._ask(other, "Close")
        self.assertEqual(other.state, "closed")

    def _correct_referrals(self):
        boris = self._participant("Boris")
        with Form(self.env["referral.referral"].with_user(self.user)) as form:
            form.partner_id = self._partner("By hand")
            form.participant_id = boris
            form.date_start = "2026-03-01"
        referral = form.record.with_env(self.env)
        self._press(referral, "End Today")
        self._press(referral, "Reopen")
        self.assertEqual(referral.state, "active")
        self._press(referral, "Cancel Referral")
        self.assertEqual(referral.state, "cancelled")
        action = self._press(self.participant.referral_ids, "Move to…")
        self._window(
            action, participant_id=boris, reason="The client says so"
        ).action_confirm()
        self.assertEqual(boris.referral_ids.partner_id[-1:], self.client)

    def _move(self):
        action = self._press(self.participant, "Move to Another Contact")
        contact = self._partner("The company", is_company=True)
        self._window(action, partner_id=contact).action_confirm()
        self.assertEqual(self.participant.partner_id, contact)


@tagged("post_install", "-at_install")
class TestAuditor(GuideCase):
    """docs/auditor.md"""

    role = "auditor"

    def test_the_guide(self):
        self._open_menus()
        with self.on("2026-03-06"):
            accrual = self.program.accrual_ids
            self._press(accrual, "Audit File")
            self.assertTrue(self._as(self.env["referral.audit.file"]).search([]))
            # an amount is traced from the compensation to the invoice
            action = self._press(accrual.compensation_ids, "Evidence")
            lines = self._as(self.env[action["res_model"]])
            [line] = lines.search(action["domain"])
            self.assertEqual(line.move_id, self._client_invoice())
            self.assertEqual(self._as(line.move_id).amount_untaxed, 1_000_000)
        self.assertWalked()


@tagged("post_install", "-at_install")
class TestAdministrator(GuideCase):
    """docs/administrator.md"""

    role = "administrator"

    def test_the_guide(self):
        self._open_menus()
        with self.on("2026-03-06"):
            self._press(self.program, "Accrue Next Month")
            self._press(self.program, "Confirm")
            self._press(self.program, "New Secret")
            self._press(self.program, "Events")
            self.program.event_url = "https://panel.example.com/events"
            events = self.env["referral.event"]
            events._record("participant.joined", self.participant)
            event = events.search([], limit=1)
            self._press(event, "Send Again")
            self.assertEqual(event.state, "pending")
            draft = self.program.terms_ids[:1].copy(
                {"rate": 12, "date_from": "2026-05-01", "is_draft": True}
            )
            self._window(self._press(draft, "Simulate"))
            self._press(draft, "Put in Force")
            self._as(draft).action_put_in_force()
            self.assertFalse(draft.is_draft)
        self.assertWalked()


@tagged("post_install", "-at_install")
class TestParticipant(GuideCase, HttpCase):
    """docs/participant.md; what the pages do is walked in the tests of the portal."""

    def test_the_pages_have_what_the_guide_names(self):
        owner = self._user("guide_owner", "base.group_portal")
        self.participant.partner_id.is_company = True
        owner.partner_id.parent_id = self.participant.partner_id
        self.participant._name_owner(owner)
        with self.on("2026-03-06"):
            self.env["referral.statement"]._cron_statements()
            self._invoice(self.participant.partner_id, "2026-03-01", 500)
        self.authenticate(owner.login, owner.login)
        paths = ["", "/links", "/billing", "/materials", "/withdraw", "/people"]
        pages = [self.url_open(f"/my/referral{path}").text for path in paths]
        pages.append(self.url_open("/my/referral/why/2026-01").text)
        pages.append(self.url_open("/my").text)
        text = " ".join(" ".join(pages).split()).lower()
        for name in named("participant.md"):
            for part in name.split(" → "):
                with self.subTest(name):
                    self.assertIn(part.lower(), text)


@tagged("post_install", "-at_install")
class TestOthersMayNot(MoneyCase):
    def test_only_who_may_validate_accounts_trusts_them(self):
        self.account.allow_out_payment = False
        withdrawal = self._request(30_000)
        accountant = self._user_of("accountant")
        for group in ("officer", "auditor"):
            with self.assertRaises(AccessError):
                withdrawal.with_user(self._user_of(group)).action_trust_account()
        validate = self.env.ref("account.group_validate_bank_account")
        role = self.env.ref("referral_program.group_accountant")
        role.implied_ids = [Command.unlink(validate.id)]
        with self.assertRefused(AccessError, "may not trust"):
            withdrawal.with_user(accountant).action_trust_account()
        self.assertFalse(self.account.allow_out_payment)
