import { formatDate } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { dateField, DateTimeField } from "@web/views/fields/datetime/datetime_field";
import { formatMonetary } from "@web/views/fields/formatters";
import { monetaryField, MonetaryField } from "@web/views/fields/monetary/monetary_field";

/** A month in words: a date field with the month's first day. Read only. */
export class ReferralMonth extends DateTimeField {
    getFormattedValue(valueIndex) {
        const month = formatDate(this.values[valueIndex], { format: "LLLL yyyy" });
        return month && month[0].toUpperCase() + month.slice(1);
    }
}

/** An amount with all the decimals that evidence has, at least the currency's. */
export class ReferralExact extends MonetaryField {
    get formattedValue() {
        return formatMonetary(this.value, {
            digits: [16, 6],
            minDigits: this.currency?.digits[1],
            currencyId: this.currencyId,
        });
    }
}

registry.category("fields").add("referral_month", {
    ...dateField,
    component: ReferralMonth,
});
registry.category("fields").add("referral_exact", {
    ...monetaryField,
    component: ReferralExact,
});
