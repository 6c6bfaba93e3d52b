"""Somebody who walks through Odoo in a real Chromium, and what it takes them."""

import contextlib
import io
import re
import time
from dataclasses import dataclass

from PIL import Image
from playwright.sync_api import Error

from .screenshots import HIDDEN, QUIET
from .shell import SetupError, say

DESK, PHONE = (1366, 768), (390, 844)
#: Milliseconds after which somebody is stuck.
PATIENCE = 60_000
#: A row of a list; a card in a narrow window.
ROW = ".o_data_row .o_data_cell, .o_kanban_record:not(.o_kanban_ghost)"


@dataclass
class Taken:
    """What a task took.

    :ivar int clicks: of the mouse or a finger; typing is not counted
    :ivar float seconds: of the pages and the server, without thinking
    :ivar int loads: of pages
    """

    person: str
    task: str
    where: str
    clicks: int = 0
    seconds: float = 0.0
    loads: int = 0


def file():
    """Return a picture to hand in: different each time, as papers are."""
    png = io.BytesIO()
    seed = time.time_ns()
    Image.new("RGB", (60, 40), (seed % 256, seed // 256 % 256, 90)).save(png, "PNG")
    return {"name": "scan.png", "mimeType": "image/png", "buffer": png.getvalue()}


class Walker:
    """A person in a window of their own.

    Things are found by what a user sees: texts, labels, and the names that Odoo gives
    fields and buttons, which are the same in each language.

    :param browser: Playwright's
    :param str server: the address of Odoo
    :param str person: who it is, in the table
    :param str where: in which database and language, and on what, in the table
    :param log: the list that what tasks took is added to
    :param shots: the folder for a picture of each page that is passed, or None
    """

    def __init__(self, browser, server, person, where, log, shots=None, phone=False,
                 lang="en_US"):  # fmt: skip
        self.person, self.where, self.log, self.shots = person, where, log, shots
        width, height = PHONE if phone else DESK
        self.page = browser.new_page(
            base_url=server,
            viewport={"width": width, "height": height},
            locale=lang.replace("_", "-"),
            is_mobile=phone,
            has_touch=phone,
            reduced_motion="reduce",
        )
        self.page.set_default_timeout(PATIENCE)
        # on a phone, the greeting of Odoo's robot would lie over all else
        self.page.add_init_script(f"""addEventListener("DOMContentLoaded", () =>
            document.head.insertAdjacentHTML("beforeend", "<style>{HIDDEN}</style>"))
        """)
        self.page.on("load", lambda _page: self._loaded())
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.taken = Taken(person, "", where)
        #: what went wrong in the pages' JavaScript
        self.problems = []
        self.shown = 0

    def _loaded(self):
        self.taken.loads += 1

    @contextlib.contextmanager
    def task(self, task):
        """Do something that this person came for.

        :raise SetupError: if they are stuck, saying where
        """
        say(f"   {self.person}, {self.where}: {task}")
        self.taken = Taken(self.person, task, self.where)
        start = time.monotonic()
        try:
            yield
            if self.problems:
                raise Error("; ".join(self.problems))
        except Error as error:
            with contextlib.suppress(Error):
                self.shoot("stuck")
            raise SetupError(
                f"{self.person} is stuck, {self.where}: {task}\n"
                f"  on {self.page.url}\n  {str(error)[:1500]}",
                "look at the page, and mend it or the walk",
            ) from error
        self.taken.seconds = time.monotonic() - start
        self.log.append(self.taken)

    # === GOING === #

    def log_in(self, login):
        """Log in; the password is the login."""
        self.page.goto("/web/login")
        self.fill("input[name=login]", login)
        self.fill("input[name=password]", login)
        self.page.click("form.oe_login_form button[type=submit]")
        self.page.wait_for_url(lambda url: "/web/login" not in url)
        self.rest()

    def open(self, address):
        """Go to an address: what somebody has from a mail, or as a bookmark."""
        self.page.goto(address)
        self.rest()

    def menu(self, action):
        """Open what a menu opens, by its action: one click, or two."""
        self.taken.clicks += 2
        self.page.goto(f"/odoo/action-referral_program.{action}")
        self.page.locator(".o_view_controller, .o_action, .modal").first.wait_for()
        self.rest()

    def rest(self):
        """Wait until the page shows all that it will, and keep a picture of it."""
        self.page.wait_for_function(QUIET)
        self.shoot()

    def shoot(self, name=""):
        if not self.shots:
            return
        self.shown += 1
        title = re.sub(r"\W+", "-", f"{self.person} {self.where} {self.taken.task}")
        file = f"{self.shots}/{title}_{self.shown:03}{name}.png"
        self.page.screenshot(path=file, full_page=True, style=HIDDEN)

    # === DOING === #

    def find(self, selector, text=None):
        """Return the first thing in sight that a selector matches, with a text."""
        found = self.page.locator(selector).filter(visible=True)
        return (found.filter(has_text=text) if text else found).first

    def click(self, selector, text=None):
        self.find(selector, text).click()
        self.taken.clicks += 1
        self.rest()

    def fill(self, selector, text):
        self.find(selector).fill(text)

    def choose(self, selector, value):
        """Choose an option of a list by its value: two clicks."""
        self.find(selector).select_option(value)
        self.taken.clicks += 2

    def see(self, selector, text=None):
        """Wait for what tells that it has worked."""
        self.find(selector, text).wait_for()

    def state(self, value):
        """Wait for the state of a form; a narrow window shows it under its label."""
        button = f".o_statusbar_status .o_arrow_button_current[data-value={value}]"
        self.page.locator(button).first.wait_for(state="attached")

    def has(self, selector):
        """Tell whether something is in sight."""
        return bool(self.page.locator(selector).filter(visible=True).count())

    def field(self, name, text):
        """Type into a field of Odoo; of a record's name, take the first found."""
        inputs = self.find(f".o_field_widget[name={name}] :is(input, textarea, "
                           f"button[data-field={name}])")  # fmt: skip
        searching = inputs.get_attribute("readonly") is not None
        inputs.click()
        self.taken.clicks += 1
        if searching:
            # a narrow window looks for records in a window of its own
            self.click(f".modal :is({ROW})", text)
            return
        # a date is a button until then
        inputs = self.find(f".o_field_widget[name={name}] :is(input, textarea)")
        inputs.fill(text)
        if "many2one" in (self.find(f".o_field_widget[name={name}]").get_attribute(
            "class") or ""):  # fmt: skip
            self.find(".o-autocomplete--dropdown-item", text).click()
            self.taken.clicks += 1

    def pick(self, selector, text):
        """Choose from one of Odoo's own lists: two clicks."""
        self.find(selector).click()
        self.find(".o_select_menu_item", text).click()
        self.taken.clicks += 2

    def row(self, text=None):
        """Open a row of a list, or what it is where the window is narrow."""
        self.click(ROW, text)

    def press(self, name):
        """Press a button of a form, in a menu if the window is narrow; say yes."""
        self.press_one(f"button[name={name}]")

    def press_one(self, button):
        """Press the button of a form that a selector matches."""
        if not self.has(button) and self.has(".o_statusbar_buttons .dropdown-toggle"):
            self.click(".o_statusbar_buttons .dropdown-toggle")
        self.click(button)

    def confirm(self):
        """Say yes to what asks."""
        self.click(".modal:not(.o_inactive_modal) footer button.btn-primary")
