import {Interaction} from "@web/public/interaction";
import {registry} from "@web/core/registry";

/**
 * Shows at once what a client of the chosen kind has to hand in.
 *
 * Without JavaScript the same is done by the button of the choice.
 */
export class ReferralJoin extends Interaction {
    static selector = ".o_referral_join";
    dynamicContent = {
        ".o_referral_choice select": {"t-on-change": this.onChange},
        ".o_referral_show": {"t-att-class": () => ({"d-none": true})},
    };

    start() {
        this.onChoice();
    }

    onChange() {
        this.onChoice();
        // to who does not see it
        this.el.querySelector(".o_referral_chosen").textContent =
            this.el.querySelector(".o_referral_type:not(.d-none) legend").textContent;
    }

    onChoice() {
        const choice = this.el.querySelector(".o_referral_choice");
        if (!choice) {
            return;
        }
        const {entity_type, residency, tax_residency} = choice.elements;
        const abroad =
            entity_type.value === "individual" && residency.value === "nonresident";
        choice.querySelector(".o_referral_tax").classList.toggle("d-none", !abroad);
        const taxed = abroad && tax_residency.value === "yes";
        const kind = taxed ? "tax_resident" : residency.value;
        for (const {name, value} of [entity_type, residency, tax_residency]) {
            this.el.querySelector(`.o_referral_form input[name=${name}]`).value = value;
        }
        for (const fieldset of this.el.querySelectorAll(".o_referral_company")) {
            const isShown = fieldset.dataset.entity_type === entity_type.value;
            fieldset.classList.toggle("d-none", !isShown);
            fieldset.disabled = !isShown;
        }
        for (const fieldset of this.el.querySelectorAll(".o_referral_type")) {
            const {entity_type: entity, residency: where} = fieldset.dataset;
            const shown = entity === entity_type.value && where === kind;
            fieldset.classList.toggle("d-none", !shown);
            fieldset.disabled = !shown;
            if (shown) {
                this.showButtons(Boolean(fieldset.dataset.can_join));
            }
        }
    }

    showButtons(canJoin) {
        const parts = [
            ".o_referral_agreements",
            ".o_referral_country",
            ".o_referral_buttons .btn:not(.btn-link)",
            ".o_referral_rules",
        ];
        for (const part of this.el.querySelectorAll(parts.join())) {
            part.classList.toggle("d-none", !canJoin);
        }
    }
}

registry.category("public.interactions").add("referral_program.join", ReferralJoin);
