import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

/** Puts a picture into each file input that is shown, and a number into each text. */
async function fill(form) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 20;
    canvas.getContext("2d").fillRect(0, 0, 10, 10);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    const shown = (input) => !input.closest(".d-none");
    for (const input of [...form.querySelectorAll("input[type=file]")].filter(shown)) {
        const transfer = new DataTransfer();
        transfer.items.add(new File([blob], "scan.png", {type: "image/png"}));
        input.files = transfer.files;
    }
    for (const input of [...form.querySelectorAll("input[type=text]")].filter(shown)) {
        input.value = "AB 1234567";
    }
    for (const input of form.querySelectorAll("input[type=checkbox]")) {
        input.checked = true;
    }
}

const fillStep = {
    content: "Hand in what is asked for",
    trigger: ".o_referral_form",
    run() {
        return fill(this.anchor);
    },
};
const submitStep = {
    content: "Submit",
    trigger: ".o_referral_form button[value=submit]",
    run: "click",
    expectUnloadPage: true,
};
const submittedStep = {
    content: "The file is being verified",
    trigger: ".o_referral_state:contains(Submitted)",
};

const TYPES = {
    individual_resident: ["individual", "resident"],
    individual_tax_resident: ["individual", "nonresident", "yes"],
    individual_nonresident: ["individual", "nonresident", "no"],
    legal_entity_resident: ["legal_entity", "resident"],
    legal_entity_nonresident: ["legal_entity", "nonresident"],
    sole_trader_resident: ["sole_trader", "resident"],
    state_organization_resident: ["state_organization", "resident"],
};

for (const [name, [entity, residency, tax]] of Object.entries(TYPES)) {
    tours.add(`referral_join_${name}`, {
        steps: () => [
            {
                content: "Sign up",
                trigger: "#referral_sign_up",
                run: "click",
                expectUnloadPage: true,
            },
            {trigger: "#entity_type", run: `select ${entity}`},
            {trigger: "#residency", run: `select ${residency}`},
            ...(tax ? [{trigger: "#tax_residency", run: `select ${tax}`}] : []),
            {
                content: "The form has changed with the choice",
                trigger:
                    `.o_referral_type:not(.d-none)[data-entity_type=${entity}]` +
                    `[data-residency=${tax === "yes" ? "tax_resident" : residency}]`,
            },
            ...(name === "individual_nonresident"
                ? [{trigger: "#country", run: "selectByLabel Kazakhstan"}]
                : []),
            fillStep,
            submitStep,
            submittedStep,
        ],
    });
}

tours.add("referral_cannot_join", {
    steps: () => [
        {trigger: "#entity_type", run: "select sole_trader"},
        {trigger: "#residency", run: "select nonresident"},
        {
            content: "It says why",
            trigger: ".o_referral_type:not(.d-none) .alert:contains(cannot join)",
        },
        {
            content: "There is nothing to submit",
            trigger: ".o_referral_buttons:not(:has(button:not(.d-none)))",
        },
    ],
});

tours.add("referral_resubmission", {
    steps: () => [
        {
            content: "The reason is shown",
            trigger: ".alert:contains(The stamp is cut off)",
        },
        {
            trigger: ".alert a:contains(Upload documents)",
            run: "click",
            expectUnloadPage: true,
        },
        fillStep,
        submitStep,
        submittedStep,
    ],
});

const ownCode = {
    content: "The code carries the participant's own link",
    trigger: ".o_referral_banner .o_referral_link",
    run() {
        const link = `${location.origin}/referral/`;
        const pictures = `${location.origin}/referral/material/`;
        for (const {value} of document.querySelectorAll(this.anchor.tagName)) {
            const address = value.split('href="')[1] || value;
            if (!address.includes(link) || address.startsWith(pictures)) {
                throw new Error(`No link of one's own: ${value}`);
            }
        }
    },
};

tours.add("referral_materials", {
    steps: () => [
        {
            trigger: ".o_referral_tabs a:contains(Advertising Materials)",
            run: "click",
            expectUnloadPage: true,
        },
        {trigger: ".o_referral_tabs a.active:contains(Advertising Materials)"},
        {
            content: "A picture is shown",
            trigger: ".o_referral_banner img",
            async run() {
                this.anchor.scrollIntoView();
                await this.anchor.decode();
                if (this.anchor.naturalWidth !== Number(this.anchor.getAttribute("width"))) {
                    throw new Error("The picture has not the size that the code says");
                }
            },
        },
        ownCode,
        {
            content: "Copy the code",
            trigger: ".o_referral_banner .o_referral_copy",
            async run({click}) {
                // a browser without hands does not let pages at its clipboard
                const written = [];
                navigator.clipboard.writeText = async (text) => written.push(text);
                await click();
                const code = this.anchor.parentElement.querySelector("textarea").value;
                if (written[0] !== code) {
                    throw new Error(`Copied: ${written}`);
                }
            },
        },
        {trigger: ".o_referral_banner .o_referral_copy:contains(Copied)"},
        {
            content: "Russian ones",
            trigger: ".o_referral_materials .nav-pills a[lang=ru-RU]",
            run: "click",
            expectUnloadPage: true,
        },
        {trigger: ".o_referral_materials .nav-pills a.active[lang=ru-RU]"},
        ownCode,
    ],
});

tours.add("referral_officer", {
    steps: () => [
        {
            content: "Open the client who waits",
            trigger: ".o_data_row td[name=partner_id]:contains(Tour Client)",
            run: "click",
        },
        ...[0, 1, 2].flatMap((index) => [
            {
                content: "Look at a document",
                trigger:
                    ".o_field_widget[name=document_ids] " +
                    `.o_data_row:has(.badge:contains(To Verify)):eq(${index}) td[name=name]`,
                run: "click",
            },
            {trigger: ".modal .o_form_view .o_field_widget[name=kind]"},
            {trigger: ".modal .btn-close", run: "click"},
            {trigger: "body:not(:has(.modal))"},
        ]),
        {
            content: "Approve",
            trigger: "button[name=action_approve_documents]",
            run: "click",
        },
        {
            content: "The client takes part",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Active)",
        },
    ],
});

tours.add("referral_sign_up", {
    steps: () => [
        {trigger: "input[name=login]", run: "edit toured@example.net"},
        {trigger: "input[name=name]", run: "edit Toured Client"},
        {trigger: "input[name=password]", run: "edit a long password"},
        {trigger: "input[name=confirm_password]", run: "edit a long password"},
        {
            trigger: ".oe_signup_form button[type=submit]",
            run: "click",
            expectUnloadPage: true,
        },
        {content: "Signed in", trigger: ".o_portal_my_home, .o_portal, .oe_login_form"},
    ],
});

tours.add("referral_billing", {
    steps: () => [
        {
            content: "Open a month",
            trigger: ".o_referral_month a:contains(January 2026)",
            run: "click",
            expectUnloadPage: true,
        },
        {trigger: "[data-figure=closing]:contains(90,000.00)"},
        {trigger: ".o_referral_line:contains(INV/2026/)"},
        ...["pdf", "xlsx"].map((kind) => ({
            content: `The ${kind} comes, and nothing else`,
            trigger: `a[href$='/${kind}']`,
            async run() {
                const response = await fetch(this.anchor.href);
                const name = response.headers.get("Content-Disposition") || "";
                if (!response.ok || !name.endsWith(`RB-2026-01-00001.${kind}`)) {
                    throw new Error(`${response.status} ${name}`);
                }
            },
        })),
        {
            trigger: ".o_referral_billing_month a:contains(Back)",
            run: "click",
            expectUnloadPage: true,
        },
        {content: "Back at the months", trigger: ".o_referral_billing h1"},
    ],
});
