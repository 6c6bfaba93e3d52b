import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/**
 * Rows of a JSON field, each with a label, a value and the records behind it.
 */
export class ReferralRows extends Component {
    static template = "referral_program.Rows";
    static props = { ...standardFieldProps, part: String };

    setup() {
        this.action = useService("action");
    }

    get rows() {
        const value = this.props.record.data[this.props.name];
        return (value && value[this.props.part]) || [];
    }

    open(row) {
        return this.press("action_open_figure", row.open);
    }

    async press(name, args) {
        const { record } = this.props;
        await this.action.doActionButton({
            type: "object",
            name,
            args: JSON.stringify(args),
            resModel: record.resModel,
            resId: record.resId,
            context: record.context,
            onClose: () => record.model.root.load(),
        });
    }
}

/**
 * Steps of a JSON field: what is done, and a button to the place of what is not.
 */
export class ReferralSteps extends ReferralRows {
    static template = "referral_program.Steps";
    static props = { ...standardFieldProps };

    get value() {
        return this.props.record.data[this.props.name] || { steps: [] };
    }

    confirm(row) {
        return this.press("action_confirm_step", [row.key]);
    }
}

registry.category("fields").add("referral_rows", {
    component: ReferralRows,
    supportedTypes: ["json"],
    extractProps: ({ options }) => ({ part: options.part }),
});
registry.category("fields").add("referral_steps", {
    component: ReferralSteps,
    supportedTypes: ["json"],
});
