import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

/** A click that leads to another page. */
function go(content, trigger) {
    return {content, trigger, run: "click", expectUnloadPage: true};
}

tours.add("referral_money", {
    steps: () => [
        {content: "The balance", trigger: ".o_referral_balance:contains(90,000.00)"},
        {content: "The code to photograph", trigger: ".o_referral_qr svg"},
        {content: "The month", trigger: ".o_referral_movements:contains(January 2026)"},
        {trigger: "#mail_statement", run: "click"},
        go("Keep which mails are wanted", "form[action='/my/referral/mail'] button"),
        go("The clients", ".o_referral_tabs a:contains(Referrals)"),
        go("One of them", ".o_referral_referrals tbody a:contains(Cl***)"),
        {
            content: "Month by month",
            trigger: ".o_referral_referral tbody:contains(90,000.00)",
        },
        go("To the money", ".o_referral_tabs a:contains(Withdraw)"),
        {trigger: "#amount", run: "edit 91000"},
        {trigger: "#number", run: "edit 40702 810 1 0000 0000004"},
        {trigger: "#bic", run: "edit 044525225"},
        go("Too much", ".o_referral_withdraw form button.btn-primary"),
        {content: "Is told", trigger: "#error_amount:contains(available)"},
        {trigger: "#amount", run: "edit 12,000.00"},
        go("Enough", ".o_referral_withdraw form button.btn-primary"),
        {
            content: "What happens next",
            trigger: ".o_referral_withdraw_confirm:contains(We check that the account)",
        },
        go("Confirm", "#referral_confirm"),
        {content: "Kept", trigger: ".o_referral_withdrawals .badge:contains(Requested)"},
        {content: "Held", trigger: ".o_referral_available:contains(78,000.00)"},
        {
            content: "Think better of it",
            trigger: ".o_referral_withdrawals summary:contains(Cancel)",
            run: "click",
        },
        go("And mean it", ".o_referral_cancel button:contains(Cancel the withdrawal)"),
        {content: "Gone", trigger: ".o_referral_withdrawals .badge:contains(Cancelled)"},
        go("Back", ".o_referral_tabs a:contains(Overview)"),
        go("Pay an own invoice", "a:contains(Pay with balance)"),
        go("All of it", ".o_referral_pay form button.btn-primary"),
        go("Confirm", "#referral_confirm"),
        {content: "Odoo's own page of it", trigger: ".o_portal_invoice_sidebar"},
    ],
});

tours.add("referral_accountant", {
    steps: () => [
        {
            content: "Document requested",
            trigger: ".o_data_row:contains(Tour Participant) .o_data_cell[name=name]",
            run: "click",
        },
        {trigger: "button[name=action_approve]", run: "click"},
        {
            content: "Approved",
            trigger: ".o_form_view:not(:has(button[name=action_approve]))",
        },
        {trigger: "button[name=action_bill]", run: "click"},
        {
            content: "Billed",
            trigger: ".o_statusbar_status button.o_arrow_button_current:contains(Billed)",
        },
    ],
});
