{
    "name": "Referral Program: Sales",
    "summary": "Down payments, order discounts, coupons and vouchers in the referral "
    "program",
    "version": "19.0.1.0.0",
    "category": "Sales/Referral",
    "author": "Referral Program developers",
    "license": "LGPL-3",
    "depends": ["referral_program", "sale"],
    "auto_install": True,
    "post_init_hook": "post_init_hook",
    "data": [
        "security/ir.model.access.csv",
        "security/referral_rules.xml",
        "views/referral_program_views.xml",
        "views/sale_order_views.xml",
    ],
}
