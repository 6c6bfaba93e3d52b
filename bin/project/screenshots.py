"""Takes the pictures of README and docs in a real browser, logged in by role."""

import io
import json
import shutil
import sys

from PIL import Image

from . import pictures
from .browser import Browser
from .shell import SetupError, say

#: Enough for Odoo's flat surfaces; the few photographs keep their look.
COLOURS = 128
#: Pixels between pages that stand beside each other.
GAP = 10
#: The last of the smallest elements that match a selector and show a text.
FIND = """((selector, text) => {
    const all = [...document.querySelectorAll(selector)].filter(
        e => e.checkVisibility() && (!text || e.textContent.includes(text)));
    return all.find(e => !all.some(other => other !== e && e.contains(other)));
})(%s, %s)"""


class Photographer:
    """Goes where a picture is taken, and takes it.

    :param Browser browser: the window
    :param str server: the address of Odoo
    """

    def __init__(self, browser, server):
        self.browser = browser
        self.server = server
        self.role = None

    def take(self, picture):
        """Take a picture and keep it.

        :raise SetupError: naming the picture, if anything on the way is not there
        """
        try:
            sheets = [self._page(picture, page) for page in picture.pages]
        except SetupError as error:
            raise SetupError(
                f"the picture {picture.name} could not be taken: {error}",
                "mend its entry in bin/project/pictures.py, or what it shows",
            ) from error
        width = sum(sheet.width for sheet in sheets) + GAP * (len(sheets) - 1)
        whole = Image.new("RGB", (width, sheets[0].height), "white")
        left = 0
        for sheet in sheets:
            whole.paste(sheet, (left, 0))
            left += sheet.width + GAP
        whole.quantize(COLOURS, dither=Image.Dither.NONE).save(
            pictures.path(picture.name), optimize=True
        )

    def _page(self, picture, page):
        """Return one page as a picture."""
        width, height = picture.size
        self.browser.resize(width, height, phone=width < 500)
        self._log_in(picture.role)
        self._open(page.where)
        for step, *arguments in page.steps:
            getattr(self, f"_step_{step}")(*arguments)
            self.browser.settle()
        self.browser.evaluate("document.activeElement.blur()")
        self.browser.leave()
        self.browser.settle()
        data = self.browser.photograph((0, 0, width, height) if page.whole else None)
        return Image.open(io.BytesIO(data)).convert("RGB")

    # === Going there === #

    def _log_in(self, role):
        if role == self.role:
            return
        self.browser.forget()
        self.role = role
        if not role:
            return
        self.browser.open(f"{self.server}/web/login")
        self._step_fill("input[name=login]", role)
        self._step_fill("input[name=password]", role)
        self._step_click("form.oe_login_form button[type=submit]")
        self.browser.wait("location.pathname !== '/web/login'", f"{role}'s first page")
        self.browser.settle()

    def _open(self, where):
        """Open an address, or an action by its external id.

        :raise SetupError: if there is no such action, or not for this role
        """
        if where.startswith("/"):
            self.browser.open(self.server + where)
            return
        action = f"referral_program.{where}"
        problem = self.browser.evaluate(
            f"""fetch('/web/action/load', {{
                method: 'POST', headers: {{'Content-Type': 'application/json'}},
                body: JSON.stringify({{params: {{action_id: {json.dumps(action)}}}}}),
            }}).then(answer => answer.json()).then(answer =>
                answer.error ? answer.error.data.message : !answer.result && 'nothing'
            )"""
        )
        if problem:
            raise SetupError(
                f"there is no action {action} for {self.role}: {problem}",
                "merge the part that brings it, or take the picture off the list",
            )
        self.browser.open(f"{self.server}/odoo/action-{action}")
        self.browser.wait(
            "document.querySelector('.o_view_controller, .o_action, .modal')",
            f"the view of {action}",
        )
        self.browser.settle()

    # === Steps === #

    def _find(self, selector, text=None):
        found = FIND % (json.dumps(selector), json.dumps(text))
        self.browser.wait(found, f"{selector} {text or ''}".strip())
        return found

    def _step_wait(self, selector, text=None):
        self._find(selector, text)

    def _step_click(self, selector, text=None):
        """Press the mouse's button on what matches and shows a text."""
        found = self._find(selector, text)
        point = self.browser.evaluate(
            f"(e => {{ e.scrollIntoView({{block: 'center'}});"
            " const {x, y, width, height} = e.getBoundingClientRect();"
            f" return [x + width / 2, y + height / 2]; }})({found})"
        )
        self.browser.press(*point)

    def _step_fill(self, selector, value):
        """Type a value in place of what is there."""
        self.browser.evaluate(
            f"(e => {{ e.focus(); e.select(); }})({self._find(selector)})"
        )
        self.browser.write(value)

    def _step_choose(self, selector, value):
        """Choose an option of a select."""
        self.browser.evaluate(
            f"(e => {{ e.value = {json.dumps(value)};"
            " e.dispatchEvent(new Event('change', {bubbles: true})); })"
            f"({self._find(selector)})"
        )

    def _step_show(self, selector, text=None):
        """Scroll something to the top of what holds it."""
        self.browser.evaluate(
            f"({self._find(selector, text)}).scrollIntoView({{block: 'start'}})"
        )


def main(server, *names):
    with Browser() as browser:
        photographer = Photographer(browser, server)
        for picture in pictures.chosen(names):
            say(f"   {picture.name}")
            photographer.take(picture)
    for copy in pictures.on_apps_page():
        shutil.copyfile(pictures.path(copy.stem), copy)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except SetupError as error:
        sys.exit(str(error))
