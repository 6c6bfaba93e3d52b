"""Plays the people of the program in a real Chromium: who does what, in which order."""

import json
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path

from . import walk_portal as portal
from . import walk_setup as setup
from . import walk_staff as staff
from .browser import chromium
from .empty_walk import CLIENT, RECOMMENDER, first_day, mail
from .shell import main
from .walking import Walker

#: Language, whether on a phone, and how the table calls it.
WAYS = (("en_US", False, "English, desk"), ("ru_RU", True, "Russian, phone"))
BOOKS = (
    "referral_accrual_action",
    "referral_compensation_action",
    "referral_withdrawal_action",
    "referral_redemption_action",
    "referral_statement_action",
    "referral_payout_action",
    "referral_liability_movement_action",
    "referral_forecast_open_action",
    "referral_dashboard_action",
)
AUDIT = (
    "referral_participant_action",
    "referral_referral_action",
    "referral_refusal_action",
    "referral_accrual_line_action",
    "referral_api_call_action",
    "referral_event_action",
    "referral_audit_file_action",
    "referral_document_reading_action",
)
SETTINGS = (
    "referral_program_action",
    "referral_program_terms_action",
    "referral_participant_type_action",
    "referral_agreement_action",
    "referral_material_action",
)


class Walk:
    """The people, in one database.

    :param browser: Playwright's
    :param str server: the address of Odoo
    :param shots: the folder for pictures of the pages, or None
    """

    def __init__(self, browser, server, shots):
        self.log = []
        self._walker = partial(Walker, browser, server, log=self.log, shots=shots)

    def walker(self, person, place, lang="en_US", phone=False, login=None):
        """Give a person a window, and have them log in."""
        walker = self._walker(person, place, lang=lang, phone=phone)
        if login:
            walker.log_in(login)
        return walker

    def demo(self):
        """Play everybody on the demonstration's books."""
        self._participant()
        for lang, phone, way in WAYS:
            end = "_ru" if lang == "ru_RU" else ""
            self._individual(f"anna{end}", lang, phone, f"demo: {way}")
            self._company(f"firm{end}", f"colleague{end}", lang, phone, f"demo: {way}")
        self._accountants()
        for lang, place in (
            ("en_US", "demo: English, desk"),
            ("ru_RU", "demo: Russian, desk"),
        ):
            self._auditor(_with(lang, "auditor"), place, lang)
        return self.log

    def empty(self):
        """From the installed addon to the first month posted, by the first steps."""
        place = "new database: English, desk"
        month = f"{first_day():%m/%d/%Y}"
        admin = self.walker("administrator", place, login="admin")
        with admin.task("install, and make the program"):
            setup.install(admin)
        with admin.task("make accounts for two colleagues"):
            officer = setup.hire(admin, "vera", "Verification Officer")
            accountant = setup.hire(admin, "petr", "Accountant")
        with admin.task("decide what the first steps ask for"):
            setup.decide(admin, "Vera", "Petr", month)
        vera = self.walker("officer", place, login=officer)
        with vera.task("enroll and invite a client"):
            setup.enroll(vera, RECOMMENDER, "Individual, resident")
        link = setup.invited(admin, mail(RECOMMENDER))
        own = self.walker("individual", place)
        with own.task("accept an invitation, and join"):
            setup.accept(own, link)
            portal.join(own, "individual")
        with vera.task("verify the documents"):
            staff.verify(vera, RECOMMENDER)
        with vera.task("register whom they brought"):
            setup.refer(vera, CLIENT, RECOMMENDER, month)
        petr = self.walker("accountant", place, login=accountant)
        with petr.task("post the first month"):
            setup.post(petr)
        return self.log

    # === PEOPLE === #

    def _participant(self):
        """Participants with money: one on a desk and a phone, one in Russian."""
        for login, lang, phone, amount in (
            ("participant1", "en_US", False, "12000"),
            ("participant1", "en_US", True, "10000"),
            ("participant2", "ru_RU", True, "10000"),
        ):
            language = "English" if lang == "en_US" else "Russian"
            place = f"demo: {language}, {'phone' if phone else 'desk'}"
            walker = self.walker("participant", place, lang, phone, login)
            with walker.task("get the link"):
                link = portal.get_link(walker)
            with walker.task("withdraw"):
                portal.withdraw(walker, amount)
            if not phone:
                with walker.task("pay an invoice from the balance"):
                    portal.pay_invoice(walker)
            with walker.task("why this month, and ask"):
                portal.ask_why(walker)
            with walker.task("read the other pages"):
                portal.look_around(walker)
            if login == "participant1" and phone:
                continue
            for visitors, _phone, way in WAYS:
                visitor = self.walker("visitor", f"demo: {way}", visitors, phone=True)
                name = f"visitor.{visitors}.{login}@new-client.example.org"
                with visitor.task("follow a link and sign up"):
                    portal.follow(visitor, link, name)

    def _individual(self, login, lang, phone, place):
        name = login.replace("_", " ").title()
        own = self.walker("individual", place, lang, phone, login)
        officer = self.walker("officer", place, lang, phone, _with(lang, "officer"))
        with own.task("join"):
            portal.join(own, "individual")
        with officer.task("reject a document"):
            staff.reject(officer, name, "The stamp is cut off")
        with own.task("upload a rejected document again"):
            portal.upload_again(own)
        with officer.task("verify the documents"):
            staff.verify(officer, name)
        with own.task("get the link"):
            portal.get_link(own)
        client = "Lipetsk" if lang == "en_US" else "Yelets"
        with officer.task("move a referral"):
            staff.move(officer, client, name)

    def _company(self, login, colleague, lang, phone, place):
        own = self.walker("company", place, lang, phone, login)
        officer = self.walker("officer", place, lang, phone, _with(lang, "officer"))
        name = f"{login.title()} Hosting LLC"
        number = "7707083893" if lang == "en_US" else "7728168971"
        with own.task("join"):
            portal.join(own, "legal_entity", company_name=name, vat=number)
        with officer.task("verify the documents"):
            staff.verify(officer, name)
        with own.task("let a colleague see the figures"):
            portal.add_person(own, colleague)

    def _accountants(self):
        """Two of them: whoever trusts an account does not approve its withdrawal."""
        first = self.walker("accountant", "demo: English, desk", login="accountant")
        second = self.walker(
            "accountant", "demo: Russian, phone", "ru_RU", True, "accountant_ru"
        )
        with first.task("compute, review and post a month"):
            staff.accrue(first)
        for trusting, paying, name in (
            (first, second, "Baltic"),
            (second, first, "Sokolov"),
        ):
            with trusting.task("trust an account"):
                staff.trust(trusting, name)
            with paying.task("approve, bill and pay a withdrawal"):
                staff.pay_out(paying, name)
        for walker in (first, second):
            with walker.task("answer a question"):
                staff.answer(walker)
            with walker.task("read the books"):
                staff.look_around(walker, BOOKS)

    def _auditor(self, login, place, lang):
        walker = self.walker("auditor", place, lang, login=login)
        with walker.task("trace a kopeck to its invoice"):
            staff.trace(walker)
        with walker.task("integrity and audit file"):
            staff.prove(walker)
        with walker.task("read the logs"):
            staff.look_around(walker, AUDIT + SETTINGS)


def _with(lang, login):
    return f"{login}_ru" if lang == "ru_RU" else login


def play(server, place, kept, shots=""):
    """Play the people of a database, and keep what it took them in a file."""
    with chromium() as browser:
        walk = Walk(browser, server, shots or None)
        try:
            getattr(walk, place)()
        finally:
            Path(kept).write_text(json.dumps([asdict(taken) for taken in walk.log]))


if __name__ == "__main__":
    main(lambda: play(*sys.argv[1:]))
