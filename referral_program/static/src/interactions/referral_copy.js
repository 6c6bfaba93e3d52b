import {Interaction} from "@web/public/interaction";
import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";

/** Copies the participant's link, and says so. */
export class ReferralCopy extends Interaction {
    static selector = ".o_referral_copy";
    dynamicContent = {_root: {"t-on-click": this.onClick}};

    async onClick() {
        const link = this.el.parentElement.querySelector(".o_referral_link");
        link.select();
        await this.waitFor(browser.navigator.clipboard.writeText(link.value));
        const {done} = this.el.dataset;
        this.el.textContent = done;
        // beside the button, or beside its group
        const group = this.el.closest(".input-group") || this.el;
        group.nextElementSibling.textContent = done;
    }
}

registry.category("public.interactions").add("referral_program.copy", ReferralCopy);
