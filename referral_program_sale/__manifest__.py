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
    "data": [
        "views/referral_program_views.xml",
        "views/sale_order_views.xml",
    ],
}
