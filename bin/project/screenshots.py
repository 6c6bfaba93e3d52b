"""Takes the pictures of README and docs in a real browser, logged in by role."""

import shutil
import sys

from PIL import Image
from playwright.sync_api import Error

from . import pictures
from .browser import chromium, keep, picture
from .shell import SetupError, main, say

#: Enough for Odoo's flat surfaces; the few photographs keep their look.
COLOURS = 128
#: Pixels between pages that stand beside each other.
GAP = 10
#: Milliseconds that a page has to load, or something on it to appear.
PATIENCE = 60_000
#: What is not in the pictures.
HIDDEN = (
    ".o-mail-ChatHub, .o_notification_manager, .o_tour_pointer"
    " {display: none !important}"
)
#: Fulfilled when the page has its typefaces, loads nothing and has not changed for a
#: while; or after half a minute, because some pages never rest.
QUIET = """() => document.readyState === 'complete' && document.fonts.ready.then(() =>
new Promise(resolve => {
    let timer;
    const end = () => document.querySelector('.o_loading_indicator') || resolve(true);
    const wait = () => {
        clearTimeout(timer);
        timer = setTimeout(end, 700);
    };
    new MutationObserver(wait).observe(document, {
        subtree: true, childList: true, attributes: true, characterData: true,
    });
    wait();
    setTimeout(resolve, 30000, true);
}))"""


class Photographer:
    """Goes where a picture is taken, and takes it.

    :param browser: Playwright's
    :param str server: the address of Odoo
    """

    def __init__(self, browser, server):
        self.browser = browser
        self.server = server
        self.windows = {}

    def take(self, entry):
        """Take a picture and keep it.

        :raise SetupError: naming the picture, if anything on the way is not there
        """
        try:
            sheets = [self._photograph(entry, page) for page in entry.pages]
        except (Error, SetupError) as error:
            raise SetupError(
                f"the picture {entry.name} could not be taken: {error}",
                "mend its entry in bin/project/pictures.py, or what it shows",
            ) from error
        width = sum(sheet.width for sheet in sheets) + GAP * (len(sheets) - 1)
        whole = Image.new("RGB", (width, sheets[0].height), "white")
        left = 0
        for sheet in sheets:
            whole.paste(sheet, (left, 0))
            left += sheet.width + GAP
        keep(whole, pictures.path(entry.name), COLOURS)

    def _photograph(self, entry, page):
        """Return one page of a picture."""
        width, height = entry.size
        window = self._window(entry.role, is_phone=width < 500)
        window.set_viewport_size({"width": width, "height": height})
        self._open(window, page.where)
        for step in page.steps:
            self._do(window, *step)
        window.evaluate("document.activeElement.blur()")
        window.mouse.move(0, 0)  # where nothing is pointed at
        self._settle(window)
        clip = {"x": 0, "y": 0, "width": width, "height": height}
        return picture(
            window.screenshot(
                full_page=page.whole,
                clip=clip if page.whole else None,
                animations="disabled",
                style=HIDDEN,
            )
        )

    # === Going there === #

    def _window(self, role, is_phone):
        """Return the window in which a role is logged in; None is a visitor."""
        if (role, is_phone) not in self.windows:
            window = self.browser.new_page(
                base_url=self.server,
                locale="en-US",
                is_mobile=is_phone,
                reduced_motion="reduce",
            )
            window.set_default_timeout(PATIENCE)
            if role:
                window.goto("/web/login")
                window.fill("input[name=login]", role)
                window.fill("input[name=password]", role)
                window.click("form.oe_login_form button[type=submit]")
                window.wait_for_url(lambda url: "/web/login" not in url)
            self.windows[role, is_phone] = window
        return self.windows[role, is_phone]

    def _open(self, window, where):
        """Open an address, or an action by its external id.

        :raise SetupError: if there is no such action, or not for this role
        """
        if where.startswith("/"):
            window.goto(where)
        else:
            action = f"referral_program.{where}"
            answer = window.request.post(
                "/web/action/load", data={"params": {"action_id": action}}
            ).json()
            if not answer.get("result"):
                raise SetupError(
                    f"there is no action {action}, or not for this role",
                    "merge the part that brings it, or take the picture off the list",
                )
            window.goto(f"/odoo/action-{action}")
            self._do(window, "wait", ".o_view_controller, .o_action, .modal")
        self._settle(window)

    def _do(self, window, what, selector, text=None):
        """Do one step with the first thing seen that a selector matches.

        :param what: "click" what has a text, "fill" a text in, or "wait" for it
        """
        found = window.locator(selector).filter(visible=True)
        if what == "fill":
            found.first.fill(text)
        elif what == "click":
            found.filter(has_text=text).first.click()
        else:
            found.first.wait_for()
        self._settle(window)

    def _settle(self, window):
        """Wait until the page shows all that it will."""
        window.wait_for_function(QUIET)


def take(server, *names):
    """Take the pictures with these names, all if there are none."""
    with chromium() as browser:
        photographer = Photographer(browser, server)
        for entry in pictures.chosen(names):
            say(f"   {entry.name}")
            photographer.take(entry)
    for copy in pictures.on_apps_page():
        shutil.copyfile(pictures.path(copy.stem), copy)


if __name__ == "__main__":
    main(lambda: take(*sys.argv[1:]))
